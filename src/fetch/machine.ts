import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";

/** What mirrors may read of the machine: its configuration, never more. */
export type Machine = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  /** Read a whole file as UTF-8; `undefined` where there is none that can be read. */
  readonly read: (file: string) => string | undefined;
  /** List the names in a folder, in any order; none where there is no folder that can be read. */
  readonly list: (folder: string) => readonly string[];
};

/** The machine that this process runs on. */
export function thisMachine(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string = process.cwd(),
): Machine {
  return {
    env,
    home: env["HOME"] ?? homedir(),
    cwd,
    read: (file) => attempt(() => readFileSync(file, "utf8")),
    list: (folder) => attempt(() => readdirSync(folder)) ?? [],
  };
}

/** List a folder and all folders above it, innermost first. */
export function upwards(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}

/** Give what a call returns, or nothing where it fails for a reason of the file system. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  }
}
