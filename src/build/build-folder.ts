/**
 * The folders of one build, on the file system of the store so that outputs are moved by renaming them:
 *
 *     nix/var/nix/builds/<name>-<random>/    only we can enter
 *         lock                               held while the build lives
 *         build/                             `/build` in the sandbox
 *         store/                             `/nix/store` in the sandbox
 *
 * A killed process leaves its folders behind, with locks that nobody holds: the next one deletes them.
 */
import { closeSync, mkdirSync, mkdtempSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeText } from "../base/index.ts";
import { deleteTree } from "../store/delete-tree.ts";
import type { LocalStore } from "../store/index.ts";
import { tryLock } from "../store/libc.ts";
import { openLockFile } from "../store/lock.ts";

export type BuildFolder = {
  readonly build: string;
  readonly store: string;
  /** Move the build folder to where it stays, and say where that is. */
  readonly keep: (name: string) => string;
  /** Delete everything but what was kept. */
  readonly remove: () => void;
};

/** Make the folders of a build in a store's `nix/var/nix`, with files for the builder in its build folder. */
export function makeBuildFolder(
  state: string,
  name: string,
  files: ReadonlyMap<string, string>,
): BuildFolder {
  const all = buildsFolder(state);
  const root = mkdtempSync(join(all, `${name}-`));
  const lock = openLockFile(join(root, "lock"));
  tryLock(lock, "exclusive");
  const build = join(root, "build");
  const store = join(root, "store");
  mkdirSync(build, 0o700);
  mkdirSync(store, 0o755);
  for (const [file, content] of files) writeFileSync(join(build, file), encodeText(content), { mode: 0o644 });
  return {
    build,
    store,
    keep: (label) => {
      const place = mkdtempSync(join(state, "kept-"));
      const kept = join(place, label);
      renameSync(build, kept);
      return kept;
    },
    remove: () => {
      deleteTree(root);
      closeSync(lock);
    },
  };
}

/** Delete what killed processes have left behind. */
export function sweepBuildFolders(state: string): void {
  const all = buildsFolder(state);
  for (const name of readdirSync(all)) {
    const lock = openLockFile(join(all, name, "lock"));
    try {
      if (tryLock(lock, "exclusive")) deleteTree(join(all, name));
    } finally {
      closeSync(lock);
    }
  }
}

function buildsFolder(state: string): string {
  const folder = join(state, "builds");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Give a store's folder for what is in progress. */
export function stateFolder({ root }: LocalStore): string {
  return join(root, "nix/var/nix");
}
