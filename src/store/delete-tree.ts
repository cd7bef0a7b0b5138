import { chmodSync, lstatSync, readdirSync, rmdirSync, type Stats, unlinkSync } from "node:fs";
import { pathIn, systemPath, toRaw, walkTree } from "../nix/index.ts";
import { hasCode } from "./fault.ts";

/**
 * Delete a file, link or folder with all that is in it, a byte string, read-only or not and however deep; gives
 * about how many bytes that frees. What is not there is deleted already, by somebody else meanwhile or before.
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
  if (!stats.isDirectory()) return unlessGone(() => remove(systemPath(root), stats)) ?? 0;
  makeWritable(systemPath(root));
  let bytes = 0;
  walkTree(root, {
    list: (folder) =>
      unlessGone(() => readdirSync(folder, { withFileTypes: true, encoding: "latin1" })) ?? [],
    visit: (entry, descent) => {
      const place = pathIn(descent, entry.name);
      if (entry.isDirectory()) {
        makeWritable(place);
        return entry.name;
      }
      bytes += unlessGone(() => remove(place, lstatSync(place))) ?? 0;
      return undefined;
    },
    leave: (folder) => unlessGone(() => rmdirSync(folder)),
  });
  unlessGone(() => rmdirSync(systemPath(root)));
  return bytes;
}

/** Delete what is no folder; gives about how many bytes that frees. */
function remove(place: string | Buffer, stats: Stats): number {
  unlinkSync(place);
  return freed(stats);
}

/** Do something with what may be gone by now. */
function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

const isSuperuser = process.geteuid?.() === 0;

/** Allow to delete what is in a folder; the superuser may anyway. */
function makeWritable(folder: string | Buffer): void {
  if (!isSuperuser) unlessGone(() => chmodSync(folder, 0o700));
}

/** What goes with the last link, or with the last but one, which is then mostly the one in `.links`. */
function freed({ nlink, size }: Stats): number {
  return nlink <= 2 ? size : 0;
}
