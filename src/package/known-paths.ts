/** The store paths that texts of a package may name: what it declares, and nothing else. */
import { baseName, hashPart, type StorePath } from "../nix/index.ts";
import type { Inputs, KnownPaths } from "./inputs.ts";
import type { PackageInterface } from "./interface.ts";
import { Fetched, type StoreObject } from "./store-object.ts";

type Declared = {
  readonly packages: Iterable<PackageInterface>;
  readonly objects: Iterable<StoreObject>;
  /** Paths that are no inputs, such as the placeholders of the outputs. */
  readonly free?: Iterable<string>;
};

/** Make the table of paths by hash part, each with the action that makes it an input. */
export function knownPaths(inputs: Inputs, { packages, objects, free = [] }: Declared): KnownPaths {
  const known = new Map<string, () => void>();
  for (const each of packages)
    for (const [name, path] of Object.entries(each.outputs))
      known.set(hashPart(path), () => {
        inputs.addPackage(each);
        inputs.addOutput(each.derivation, name);
      });
  for (const each of objects)
    known.set(hashPart(each instanceof Fetched ? each.output : each.path), () => {
      inputs.addObject(each);
    });
  for (const path of free) known.set(baseName(path as StorePath).slice(0, 32), () => {});
  return known;
}
