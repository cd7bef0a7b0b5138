/** Instantiates packages: writes their derivations, and all that these need, into a store. */
import { type Derivation, encodeNar, type MadeDerivation, type StorePath } from "../nix/index.ts";
import type { Lowered, PackageInterface } from "../package/index.ts";
import { StoreFile, StoreTree } from "../package/store-object.ts";
import type { Store } from "../store/index.ts";

/** A lowered package, and which of its derivations are wanted besides the canonical one. */
export type Instance = {
  readonly lowered: Lowered;
  readonly extra: readonly MadeDerivation[];
  /** Files that these need besides those of the package. */
  readonly files?: readonly StoreFile[];
};

/**
 * Write the canonical derivations of packages into a store, and of all packages that these need. `instanceOf` gives the
 * lowered form of a package that something depends on; it is asked only for those whose derivations are not valid, or, to
 * build them, whose outputs are not.
 */
export async function instantiate(
  instances: readonly Instance[],
  instanceOf: (used: PackageInterface) => Instance,
  store: Store,
  purpose: "write" | "build",
): Promise<void> {
  const derivations = new Map<StorePath, Derivation>();
  const files = new Map<StorePath, StoreFile | StoreTree>();
  const seen = new Set<StorePath>();
  let level = instances;
  while (level.length > 0) {
    const packages = new Map<StorePath, PackageInterface>();
    for (const { lowered, extra, files: more = [] } of level) {
      for (const file of more) files.set(file.path, file);
      for (const { path, derivation } of [lowered.canonical, ...extra]) derivations.set(path, derivation);
      for (const [path, file] of lowered.inputs.files) files.set(path, file);
      for (const fetched of lowered.inputs.fetched.values())
        for (const { path, derivation } of fetched.derivations) derivations.set(path, derivation);
      for (const [path, used] of lowered.inputs.packages) if (!seen.has(path)) packages.set(path, used);
    }
    for (const path of packages.keys()) seen.add(path);
    const parts = (path: StorePath, used: PackageInterface) =>
      purpose === "write" ? [path] : [path, ...Object.values(used.outputs)];
    const asked = [...packages].flatMap(([path, used]) => parts(path, used));
    await store.addTemporaryRoots(asked);
    const valid = await store.validPaths(asked);
    level = [...packages].flatMap(([path, used]) =>
      parts(path, used).every((each) => valid.has(each)) ? [] : [instanceOf(used)],
    );
  }
  await store.addTemporaryRoots([...files.keys(), ...derivations.keys()]);
  const valid = await store.validPaths([...files.keys(), ...derivations.keys()]);
  const missing = [...files].flatMap(([path, file]) => (valid.has(path) ? [] : [file]));
  await store.addTexts(missing.filter((each) => each instanceof StoreFile));
  for (const each of missing)
    if (each instanceof StoreTree) await store.addContent(encodeNar(each.tree), { name: each.name });
  await store.addDerivations(
    [...derivations].flatMap(([path, derivation]) => (valid.has(path) ? [] : [derivation])),
  );
}
