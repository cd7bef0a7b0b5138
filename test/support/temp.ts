import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Where tests put their folders: in memory where that can be, which is far faster. `CLEAVE_TEST_FOLDER` names another place, to try
 * other file systems.
 */
const temporaryRoot: string =
  process.env["CLEAVE_TEST_FOLDER"] ?? (writable("/dev/shm") ? "/dev/shm" : realpathSync(tmpdir()));

/** Make an empty folder, taken away when the scope ends: `using temp = temporaryFolder()`. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(temporaryRoot, "cleave-test-"));
  return {
    path,
    [Symbol.dispose]: () => {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // Folders that a store made read-only, seen as another user than root.
        execFileSync("chmod", ["-R", "u+rwx", path]);
        rmSync(path, { recursive: true, force: true });
      }
    },
  };
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
