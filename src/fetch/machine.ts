import { spawnSync } from "node:child_process";
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
  /** Ask npm itself for the registry that it uses; `undefined` where there is no npm. */
  readonly npmRegistry: () => string | undefined;
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
    npmRegistry: () => {
      const { status, stdout } = spawnSync("npm", ["config", "get", "registry"], {
        cwd,
        env: { ...env },
        encoding: "utf8",
        timeout: 30_000,
      });
      return status === 0 && URL.canParse(stdout.trim()) ? stdout.trim() : undefined;
    },
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
