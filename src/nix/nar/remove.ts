import { readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { fileError } from "../../base/index.ts";
import { endDescent, enterFolder, leaveFolder, pathIn, startDescent, systemPath, toRaw } from "./descent.ts";

/**
 * Take away a tree at a path, a byte string, however deep; nothing there is fine. Symlinks are not followed.
 * Throws `file-failed`.
 */
export function removeTree(path: string): void {
  try {
    removeRaw(toRaw(path));
  } catch (error) {
    throw fileError(error, "take away the file", path);
  }
}

function removeRaw(root: string): void {
  if (unlinked(systemPath(root))) return;
  const descent = startDescent(root);
  try {
    // For each open folder its name and the entries that are left.
    const folders = [{ name: "", entries: readdirSync(systemPath(descent.path), "latin1") }];
    for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
      const name = folder.entries.pop();
      if (name === undefined) {
        folders.pop();
        if (folders.length === 0) break;
        leaveFolder(descent);
        rmdirSync(pathIn(descent, folder.name));
      } else if (!unlinked(pathIn(descent, name))) {
        enterFolder(descent, name);
        folders.push({ name, entries: readdirSync(systemPath(descent.path), "latin1") });
      }
    }
  } finally {
    endDescent(descent);
  }
  rmdirSync(systemPath(root));
}

/** Take away what is not a folder; says whether nothing is there now. */
function unlinked(path: string | Buffer): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return true;
    // Linux says EISDIR for a folder, POSIX EPERM.
    if (code === "EISDIR" || code === "EPERM") return false;
    throw error;
  }
}
