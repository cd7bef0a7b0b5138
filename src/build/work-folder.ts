/**
 * Where a realisation works, on the file system of the store so that outputs are moved by renaming them:
 *
 *     nix/var/nix/builds/<random>.lock    held as long as the process lives
 *     nix/var/nix/builds/<random>/        only we can enter
 *         sandbox-<random>/               the sandbox room's own files
 *         <number>-<name>/                `/build` of one build in its sandbox
 *         apart-<number>                  the output of one build, where others could reach what its builder made
 *         store-<number>/                 `/nix/store` of one build after the other
 *     nix/var/nix/kept-<random>/<name>    the build folder of a failed build that is to stay
 *
 * A killed process leaves its folder behind, with a lock that nobody holds: the next one deletes it. Whoever deletes a
 * folder takes its lock file away with it, so a lock on a file without a name is none.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeText } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";
import { deleteTree } from "../store/delete-tree.ts";
import { hasCode } from "../store/fault.ts";
import type { LocalStore } from "../store/index.ts";
import { tryLock } from "../store/libc.ts";
import { openLockFile } from "../store/lock.ts";
import { codedError } from "./fault.ts";
import { makeStoreFolders } from "./store-folders.ts";

export type WorkFolder = Disposable & {
  readonly path: string;
  /** Make the folders of a build, with files for the builder in its build folder. */
  readonly makeBuildFolder: (name: string, request: BuildFolderRequest) => BuildFolder;
};

export type BuildFolderRequest = {
  readonly files: ReadonlyMap<string, string>;
  /** What the builder will see in its store. */
  readonly inputs: ReadonlySet<StorePath>;
};

export type BuildFolder = {
  readonly build: string;
  readonly store: string;
  /** A path where nothing is, and where no builder can come. */
  readonly apart: string;
  /** Have the right to change both folders again, which the builder may have given up. */
  readonly reopen: () => void;
  /** Move the build folder to where it stays, and say where that is. */
  readonly keep: (name: string) => string;
  /** Delete everything but what was kept, in a moment: the next build starts first. */
  readonly remove: () => void;
};

/** Make this process's folder in a store; it is deleted when disposed of. Throws `file-failed`, and what the store throws. */
export function openWorkFolder(store: LocalStore): WorkFolder {
  const { path, lock } = claim(store);
  const stores = makeStoreFolders(path);
  let count = 0;
  return {
    path,
    makeBuildFolder: (name, { files, inputs }) => {
      const number = count++;
      const build = join(path, `${number}-${name}`);
      const apart = join(path, `apart-${number}`);
      mkdirSync(build, 0o700);
      const store = stores.take(inputs);
      for (const [file, content] of files)
        writeFileSync(join(build, file), encodeText(content), { mode: 0o644 });
      return {
        build,
        store,
        apart,
        reopen: () => {
          chmodSync(build, 0o700);
          chmodSync(store, 0o755);
        },
        keep: (label) => {
          const kept = join(mkdtempSync(join(path, "../../kept-")), label);
          renameSync(build, kept);
          return kept;
        },
        remove: () => {
          setImmediate(() => {
            try {
              deleteTree(build);
              deleteTree(apart);
              stores.giveBack(store, inputs);
            } catch {
              // What stays goes with the whole folder, or that says why not.
            }
          });
        },
      };
    },
    [Symbol.dispose]: () => {
      try {
        deleteTree(path);
        unlinkSync(`${path}.lock`);
      } catch {
        // The next process tries again, or says why that is not possible; here it would hide how the builds ended.
      }
      closeSync(lock);
    },
  };
}

function claim(store: LocalStore): { readonly path: string; readonly lock: number } {
  const all = foldersOf(store);
  try {
    mkdirSync(all, { recursive: true, mode: 0o700 });
    for (;;) {
      const path = join(all, randomBytes(6).toString("hex"));
      const lock = openLockFile(`${path}.lock`);
      if (tryLock(lock, "exclusive") && fstatSync(lock).nlink > 0) {
        mkdirSync(path, 0o700);
        return { path, lock };
      }
      closeSync(lock);
    }
  } catch (error) {
    throw codedError(error, "make a folder to build in", store);
  }
}

/**
 * Delete what killed processes of this user have left behind, and wait for those of their builders that are still ending.
 * Throws `file-failed`, and what the store throws.
 */
export async function sweepWorkFolders(store: LocalStore): Promise<void> {
  const all = foldersOf(store);
  if (!existsSync(all)) return;
  try {
    for (const name of new Set(readdirSync(all).map((each) => each.replace(/\.lock$/, ""))))
      if (isOwn.test(name)) await sweep(join(all, name));
  } catch (error) {
    throw codedError(error, "delete what a process that was killed has left", store);
  }
}

/** Nix from 2.30 on builds in the same folder, in folders with other names. */
const isOwn = /^[0-9a-f]{12}$/;

async function sweep(path: string): Promise<void> {
  let lock: number;
  try {
    lock = openLockFile(`${path}.lock`);
  } catch (error) {
    // Another user's, who is at work or will sweep it.
    if (hasCode(error, "EACCES")) return;
    throw error;
  }
  try {
    if (!tryLock(lock, "exclusive") || fstatSync(lock).nlink === 0) return;
    await deletePatiently(path);
    unlinkSync(`${path}.lock`);
  } finally {
    closeSync(lock);
  }
}

/** Delete a folder in which somebody may still be at work for a moment. */
async function deletePatiently(folder: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1)
    try {
      deleteTree(folder);
      return;
    } catch (error) {
      if (attempt >= 200 || !hasCode(error, "ENOTEMPTY", "ENOENT", "EBUSY")) throw error;
      await sleep(10);
    }
}

function foldersOf({ root }: LocalStore): string {
  return join(root, "nix/var/nix/builds");
}
