/**
 * package: the options that every package has, and lowering: a package and a partition become derivations.
 * Imports base, nix, modules, phases.
 */

export { outputPlaceholder } from "../nix/index.ts";
export { makeAggregate } from "./aggregate.ts";
export { base } from "./base.ts";
export { type Bundle, type BundleRequest, bundleScript } from "./bundle.ts";
export { common } from "./common.ts";
export { graph } from "./graph.ts";
export { Inputs } from "./inputs.ts";
export type { Exports, PackageContext, PackageInterface, Platform, Platforms, Role } from "./interface.ts";
export type { Lowered, LoweredBranch, LoweredGroup, PackagePhase, PackagePlan } from "./lower.ts";
export { evaluatePackage, type Package, type PackageConfig, type RawConfig } from "./package.ts";
export { buildPlaceholder } from "./placeholder.ts";
export { formatPlatform, nixSystem, parsePlatform } from "./platform.ts";
export { rawDerivation } from "./raw-derivation.ts";
export { type PackageRendering, renderPackage } from "./rendering.ts";
export {
  Fetched,
  type FetchRequest,
  fetchTarball,
  fetchUrl,
  isStoreObject,
  StoreFile,
  type StoreObject,
  StoreTree,
} from "./store-object.ts";
