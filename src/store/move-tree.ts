import { chmodSync, lstatSync, lutimesSync, renameSync } from "node:fs";
import { storeTime } from "./canonical.ts";
import { hasCode } from "./fault.ts";

/** Move a tree in canonical form to another folder of the same file system, where nothing is. */
export function moveTree(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // A folder has to be writable itself to change the folder that it lies in, but for the superuser.
    if (!hasCode(error, "EACCES", "EPERM") || !lstatSync(from).isDirectory()) throw error;
    chmodSync(from, 0o755);
    renameSync(from, to);
    chmodSync(to, 0o555);
    lutimesSync(to, storeTime, storeTime);
  }
}
