import { chmodSync, lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { pathIn, systemPath, toRaw, walkTree } from "../nix/index.ts";
import { hasCode } from "./fault.ts";

/**
 * Delete a file, link or folder with all that is in it, a byte string, read-only or not and however deep; gives
 * about how many bytes that frees. What is not there is deleted already.
 */
export function deleteTree(path: string): number {
  const root = toRaw(path);
  let stats: Stats | undefined;
  try {
    stats = lstatSync(systemPath(root), { throwIfNoEntry: false });
  } catch (error) {
    if (hasCode(error, "ENOTDIR")) return 0;
    throw error;
  }
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) {
    unlinkSync(systemPath(root));
    return freed(stats);
  }
  makeWritable(systemPath(root));
  let bytes = 0;
  walkTree(root, {
    list: (folder) => readdirSync(folder, { withFileTypes: true, encoding: "latin1" }),
    visit: (entry, descent) => {
      const place = pathIn(descent, entry.name);
      if (entry.isDirectory()) {
        makeWritable(place);
        return entry.name;
      }
      bytes += freed(lstatSync(place));
      unlinkSync(place);
      return undefined;
    },
    leave: rmdirSync,
  });
  rmdirSync(systemPath(root));
  return bytes;
}

const isSuperuser = process.geteuid?.() === 0;

/** Allow to delete what is in a folder; the superuser may anyway. */
function makeWritable(folder: string | Buffer): void {
  if (!isSuperuser) chmodSync(folder, 0o700);
}

/** What goes with the last link, or with the last but one, which is then mostly the one in `.links`. */
function freed({ nlink, size }: Stats): number {
  return nlink <= 2 ? size : 0;
}
