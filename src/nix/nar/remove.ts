import { readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { fileError } from "../../base/index.ts";
import { pathIn, systemPath, toRaw, walkTree } from "./descent.ts";

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
  walkTree(root, {
    list: (folder) => readdirSync(folder, "latin1"),
    visit: (name, descent) => (unlinked(pathIn(descent, name)) ? undefined : name),
    leave: rmdirSync,
  });
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
