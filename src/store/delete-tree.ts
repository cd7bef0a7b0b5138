import { chmodSync, type Dirent, lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import {
  type Descent,
  endDescent,
  enterFolder,
  leaveFolder,
  pathIn,
  startDescent,
  systemPath,
  toRaw,
} from "../nix/index.ts";
import { hasCode } from "./fault.ts";

type Folder = { readonly name: string; readonly entries: Dirent[] };

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
  const descent = startDescent(root);
  let bytes = 0;
  try {
    const folders: Folder[] = [{ name: "", entries: entriesOf(descent) }];
    for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
      const entry = folder.entries.pop();
      if (entry === undefined) {
        folders.pop();
        if (folders.length === 0) break;
        leaveFolder(descent);
        rmdirSync(pathIn(descent, folder.name));
        continue;
      }
      const child = pathIn(descent, entry.name);
      if (entry.isDirectory()) {
        makeWritable(child);
        enterFolder(descent, entry.name);
        folders.push({ name: entry.name, entries: entriesOf(descent) });
      } else {
        bytes += freed(lstatSync(child));
        unlinkSync(child);
      }
    }
  } finally {
    endDescent(descent);
  }
  rmdirSync(systemPath(root));
  return bytes;
}

const isSuperuser = process.geteuid?.() === 0;

/** Allow to delete what is in a folder; the superuser may anyway. */
function makeWritable(folder: string | Buffer): void {
  if (!isSuperuser) chmodSync(folder, 0o700);
}

function entriesOf(descent: Descent): Dirent[] {
  return readdirSync(systemPath(descent.path), { withFileTypes: true, encoding: "latin1" });
}

/** What goes with the last link, or with the last but one, which is then mostly the one in `.links`. */
function freed({ nlink, size }: Stats): number {
  return nlink <= 2 ? size : 0;
}
