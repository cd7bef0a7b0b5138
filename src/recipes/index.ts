/**
 * recipes: loads recipes, and evaluates package sets.
 * Imports base, nix, modules, phases, store, package.
 */
export { instantiate } from "./instantiate.ts";
export {
  openPackageSet,
  type PackageRecord,
  type PackageSet,
  type PackageSetOptions,
  type SetPackage,
  type SetStatistics,
} from "./set.ts";
export type { Source } from "./source.ts";
