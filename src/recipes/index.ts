/**
 * recipes: loads recipes, and evaluates package sets.
 * Imports base, nix, modules, phases, store, package.
 */
export { instantiate } from "./instantiate.ts";
export { openPackageSet, type PackageSet, type PackageSetOptions } from "./set.ts";
export type { Source } from "./source.ts";
