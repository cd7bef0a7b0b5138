/**
 * The folders that are `/nix/store` in sandboxes. Where inputs are many, making and deleting what they are mounted on takes
 * as long as all else of a build, and the next build has mostly the same: a folder is used again.
 *
 * Builders can write to such a folder, but not to what is mounted on in it. It is used again only where nothing but that is left.
 */
import { chmodSync, type Dirent, mkdirSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { baseName, type StorePath } from "../nix/index.ts";
import { deleteTree } from "../store/delete-tree.ts";

export type StoreFolders = {
  /** Give a folder that holds nothing but empty files and folders with names of inputs. */
  readonly take: (inputs: ReadonlySet<StorePath>) => string;
  /** Have back a folder from which all was taken that is to stay, after a build with the same inputs. */
  readonly giveBack: (folder: string, inputs: ReadonlySet<StorePath>) => void;
};

type Spare = { readonly folder: string; readonly entries: readonly Dirent[] };

/** Make the store folders of a work folder, which goes with all of them. */
export function makeStoreFolders(path: string): StoreFolders {
  const spares: Spare[] = [];
  let count = 0;

  function makeFolder(): string {
    const folder = join(path, `store-${count++}`);
    mkdirSync(folder);
    return folder;
  }

  return {
    take: (inputs) => {
      const spare = spares.pop();
      const folder = spare?.folder ?? makeFolder();
      // The builder before may have changed it.
      chmodSync(folder, 0o755);
      const names = namesOf(inputs);
      for (const entry of spare?.entries ?? []) if (!names.has(entry.name)) removeEmpty(folder, entry);
      return folder;
    },
    giveBack: (folder, inputs) => {
      const names = namesOf(inputs);
      const entries = readdirSync(folder, { withFileTypes: true });
      // Symlinks are not mounted: what is there may not be what was.
      if (entries.every((entry) => names.has(entry.name) && !entry.isSymbolicLink()))
        spares.push({ folder, entries });
      else deleteTree(folder);
    },
  };
}

function namesOf(inputs: ReadonlySet<StorePath>): ReadonlySet<string> {
  return new Set([...inputs].map(baseName));
}

function removeEmpty(folder: string, entry: Dirent): void {
  const place = join(folder, entry.name);
  if (entry.isDirectory()) rmdirSync(place);
  else unlinkSync(place);
}
