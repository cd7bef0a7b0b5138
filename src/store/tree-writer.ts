import { chmodSync, fchmodSync, futimesSync, lutimesSync, readFileSync, utimesSync } from "node:fs";
import { type TreeForm, type TreeWriter, treeWriter } from "../nix/index.ts";
import { storeTime } from "./canonical.ts";

/** Whether the umask takes something from the modes that a store has. */
const needsMode = (Number.parseInt(/^Umask:\s*([0-7]+)/m.exec(status())?.[1] ?? "777", 8) & 0o555) !== 0;

/** The canonical form that `canonical.ts` tells of. A folder is its owner's to write to until it is whole. */
const canonicalForm: TreeForm = {
  fileMode: 0o444,
  executableMode: 0o555,
  folderMode: 0o700,
  endFile: (fd, mode) => {
    if (needsMode) fchmodSync(fd, mode);
    futimesSync(fd, storeTime, storeTime);
  },
  endFolder: (path) => {
    chmodSync(path, 0o555);
    utimesSync(path, storeTime, storeTime);
  },
  endSymlink: (path) => lutimesSync(path, storeTime, storeTime),
};

/**
 * Make a tree in canonical form at a path, a byte string, where nothing is yet; its attributes are those of new
 * files: none, unless the folder that it lies in gives some on.
 */
export function storeTreeWriter(path: string): TreeWriter {
  return treeWriter(path, canonicalForm);
}

function status(): string {
  try {
    return readFileSync("/proc/self/status", "latin1");
  } catch {
    return "";
  }
}
