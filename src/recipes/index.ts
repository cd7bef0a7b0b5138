/**
 * recipes: loads recipes, and evaluates package sets.
 * Imports base, nix, modules, phases, store, package.
 */

export type { PackageRecord } from "./cached-package.ts";
export { instantiate } from "./instantiate.ts";
export { openPackageSet, type PackageSet, type PackageSetOptions, type SetStatistics } from "./set.ts";
export type { Source } from "./source.ts";
