/**
 * What the embedded builder remembers of branches: that one has passed, whatever becomes of its output.
 *
 *     nix/var/cleave/passed/<base name of the branch's derivation>    an empty file
 *
 * A file is written after the branch's output is valid, so that one killed before only runs the branch again.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseName, type StorePath } from "../nix/index.ts";
import type { LocalStore } from "../store/index.ts";

function fileOf({ root }: LocalStore, derivation: StorePath): string {
  return join(root, "nix/var/cleave/passed", baseName(derivation));
}

/** Say whether a branch has passed. */
export function hasPassed(store: LocalStore, derivation: StorePath): boolean {
  return existsSync(fileOf(store, derivation));
}

/** Remember that a branch has passed. */
export function recordPassed(store: LocalStore, derivation: StorePath): void {
  const file = fileOf(store, derivation);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "");
}
