/**
 * Roots of states: each keeps a state from collectors so that tomorrow's edit finds it, within limits of age and size.
 *
 *     nix/var/nix/gcroots/cleave-states/<base name>    a link to the state, its time when it was last of use
 */
import { randomBytes } from "node:crypto";
import { lstatSync, lutimesSync, mkdirSync, readdirSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { baseName, type StorePath, storeFolder } from "../nix/index.ts";
import { hasCode } from "../store/fault.ts";
import type { LocalStore } from "../store/index.ts";

export type StateLimits = {
  /** How long a state is kept that is of no use to a build, in seconds. */
  readonly age: number;
  /** How much all states together may take, in bytes of their NARs. */
  readonly size: number;
};

/** Two weeks, 10 GiB. */
const stateLimits: StateLimits = { age: 14 * 24 * 3600, size: 10 * 2 ** 30 };

/** Keep states from collectors, and give up those that are beyond the limits, oldest first. `now` is in seconds. */
export async function keepStates(
  store: LocalStore,
  states: Iterable<StorePath>,
  { now, limits = stateLimits }: { readonly now: number; readonly limits?: StateLimits },
): Promise<void> {
  const folder = join(store.root, "nix/var/nix/gcroots/cleave-states");
  mkdirSync(folder, { recursive: true });
  for (const state of states) {
    const link = join(folder, baseName(state));
    // Another process of the same number may have been killed here.
    const temporary = join(folder, `.${randomBytes(6).toString("hex")}-${baseName(state)}`);
    symlinkSync(state, temporary);
    lutimesSync(temporary, now, now);
    renameSync(temporary, link);
  }
  const kept: { readonly link: string; readonly time: number; readonly path: StorePath }[] = [];
  for (const name of readdirSync(folder)) {
    const link = join(folder, name);
    try {
      const time = lstatSync(link).mtimeMs / 1000;
      if (name.startsWith(".")) {
        // Left by a process that was killed.
        if (now - time > 3600) unlinkSync(link);
      } else kept.push({ link, time, path: `${storeFolder}/${name}` as StorePath });
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
  let size = 0;
  for (const { link, time, path } of kept.sort((a, b) => b.time - a.time)) {
    size += (await store.info(path))?.narSize ?? 0;
    if (now - time <= limits.age && size <= limits.size) continue;
    try {
      unlinkSync(link);
    } catch (error) {
      if (!hasCode(error, "ENOENT")) throw error;
    }
  }
}
