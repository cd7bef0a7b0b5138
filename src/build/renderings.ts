/**
 * What the embedded builder remembers of how a package was built: which derivation carried out which phases, so that logs
 * are found again.
 *
 *     nix/var/cleave/renderings/<base name of the canonical derivation>    {"phases":{"build":"/nix/store/….drv"}}
 *
 * Written whole under another name, then renamed: a process that is killed leaves the old one.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseName, isStorePath, type StorePath } from "../nix/index.ts";
import type { LocalStore } from "../store/index.ts";
import { lockPaths } from "../store/lock.ts";

/** The derivation that carried out a phase, by the phase's name, in the order in which they were carried out. */
export type RecordedPhases = ReadonlyMap<string, StorePath>;

function fileOf({ root }: LocalStore, derivation: StorePath): string {
  return join(root, "nix/var/cleave/renderings", baseName(derivation));
}

/** Remember how a package was built. What is known of phases that were not run now stays. `order` has the names of all phases. */
export async function recordPhases(
  store: LocalStore,
  derivation: StorePath,
  phases: RecordedPhases,
  order: readonly string[],
): Promise<void> {
  const file = fileOf(store, derivation);
  mkdirSync(join(file, ".."), { recursive: true });
  // Others may have built other phases of it meanwhile.
  const lock = await lockPaths([file]);
  try {
    const known = new Map([...readPhases(store, derivation), ...phases]);
    const all = order.flatMap((name) => {
      const path = known.get(name);
      return path === undefined ? [] : [[name, path] as const];
    });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, `${JSON.stringify({ phases: Object.fromEntries(all) })}\n`);
    renameSync(temporary, file);
  } finally {
    lock?.release({ remove: true });
  }
}

/** Recall how a package was built; nothing where that is not known. */
export function readPhases(store: LocalStore, derivation: StorePath): RecordedPhases {
  try {
    const { phases }: { phases?: Record<string, unknown> } = JSON.parse(
      readFileSync(fileOf(store, derivation), "utf8"),
    );
    return new Map(
      Object.entries(phases ?? {}).flatMap(([name, path]) =>
        typeof path === "string" && isStorePath(path) ? [[name, path] as const] : [],
      ),
    );
  } catch {
    return new Map();
  }
}
