/**
 * What the embedded builder remembers of packages that were built: by the name that the user gave, the derivation and the files
 * that it was made from, so that it can be told later why there is another.
 *
 *     nix/var/cleave/built/<hash of the name>    {"derivation":"/nix/store/….drv","reads":[["/…/package.ts","…"]]}
 *
 * Written whole under another name, then renamed: a process that is killed leaves the old one.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isStorePath, type StorePath } from "../nix/index.ts";
import type { SetPackage } from "./cached-package.ts";
import { hashOf } from "./files.ts";

export type BuiltRecord = {
  readonly derivation: StorePath;
  /** Paths and hashes. */
  readonly reads: readonly (readonly [path: string, hash: string])[];
};

function fileOf(root: string, name: string): string {
  return join(root, "nix/var/cleave/built", hashOf(name).slice(0, 32));
}

/** Remember that a package is built, by the name that the user gave it. */
export function recordBuilt(root: string, name: string, made: SetPackage): void {
  const { derivation } = made.interface;
  if (readBuilt(root, name)?.derivation === derivation) return;
  const file = fileOf(root, name);
  const record: BuiltRecord = { derivation, reads: made.reads().map(({ path, hash }) => [path, hash]) };
  mkdirSync(join(file, ".."), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(record)}\n`);
  renameSync(temporary, file);
}

/** Recall what was built last; `undefined` where that is not known. */
export function readBuilt(root: string, name: string): BuiltRecord | undefined {
  try {
    const { derivation, reads } = JSON.parse(readFileSync(fileOf(root, name), "utf8")) as BuiltRecord;
    return isStorePath(derivation) ? { derivation, reads } : undefined;
  } catch {
    return undefined;
  }
}
