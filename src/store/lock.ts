/**
 * Locks on files, which other processes of cleave and real Nix see too.
 *
 * A lock belongs to an open file and ends with it, so a killed process leaves none behind. Waiting looks again
 * and again: a call that blocks would stop everything else that this process does.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, unlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { compareText } from "../base/index.ts";
import { hasCode } from "./fault.ts";
import { type LockMode, tryLock } from "./libc.ts";

export type Waiting = {
  /** Called once if the lock is not to be had at once. */
  readonly onWait?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Locks on store paths, to be given back once. */
export type PathLocks = {
  /**
   * Give the locks back. With `remove` the lock files go too, which is always safe, and right when nobody will soon
   * lock the paths again.
   */
  readonly release: (options?: { readonly remove?: boolean }) => void;
};

/** Open a lock file, made where it is missing; gives the descriptor. */
export function openLockFile(file: string): number {
  return openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
}

/** Take a lock on an open file, however long that takes. */
export async function waitForLock(fd: number, mode: LockMode, { onWait, signal }: Waiting): Promise<void> {
  for (let delay = 0; ; delay = Math.min(50, delay + 1)) {
    signal?.throwIfAborted();
    if (tryLock(fd, mode)) return;
    if (delay === 0) onWait?.();
    await sleep(delay);
  }
}

/**
 * Lock paths by the files `<path>.lock` beside them, alone, in the order of their bytes so that nobody waits in a
 * circle. With `wait: false` gives `undefined`, holding nothing, where one is held by somebody else.
 *
 * Whoever takes a lock file away gives it a size: one that was opened before and is locked only then is seen to be
 * stale, and opened anew.
 */
export async function lockPaths(
  paths: Iterable<string>,
  { wait = true, ...waiting }: Waiting & { readonly wait?: boolean } = {},
): Promise<PathLocks | undefined> {
  const held: { readonly fd: number; readonly file: string }[] = [];
  const release: PathLocks["release"] = ({ remove = false } = {}) => {
    for (const { fd, file } of held.splice(0).reverse()) {
      if (remove) removeLockFile(fd, file);
      closeSync(fd);
    }
  };
  try {
    for (const path of [...new Set(paths)].sort(compareText)) {
      const file = `${path}.lock`;
      for (;;) {
        const fd = openLockFile(file);
        try {
          if (!tryLock(fd, "exclusive")) {
            if (!wait) {
              closeSync(fd);
              release();
              return undefined;
            }
            await waitForLock(fd, "exclusive", waiting);
          }
        } catch (error) {
          closeSync(fd);
          throw error;
        }
        if (fstatSync(fd).size === 0) {
          held.push({ fd, file });
          break;
        }
        closeSync(fd);
      }
    }
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

/**
 * Take away a lock file that is held, and tell those who wait for it: a size other than 0 says that it is stale.
 * Unlinked first: killed in between, a file that nobody can open any more has the wrong size, not one that stays.
 */
export function removeLockFile(fd: number, file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    // Without right to it the file stays, which harms nobody.
    if (hasCode(error, "EACCES", "EPERM", "EROFS")) return;
    if (!hasCode(error, "ENOENT")) throw error;
  }
  // Needs no space, unlike the byte that real Nix writes.
  ftruncateSync(fd, 1);
}
