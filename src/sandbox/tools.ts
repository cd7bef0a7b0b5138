/** The host's programs that make a sandbox. */
import { accessSync, constants } from "node:fs";
import { CleaveError } from "../base/index.ts";

/** Where programs come from that are not of util-linux. */
const packages: Readonly<Record<string, string>> = { sh: "dash", env: "coreutils", hostname: "hostname" };

/** Find a program on a search path: its absolute path, or undefined. */
export function findProgram(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => `${folder.replace(/\/+$/, "")}/${name}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Find programs on a search path, and then where administrators' programs are. Throws `sandbox-unavailable`. */
export function findTools<const Name extends string>(
  searchPath: string,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const where = `${searchPath}:/usr/bin:/bin:/usr/sbin:/sbin`;
  const found = names.map((name) => [name, findProgram(name, where)] as const);
  const missing = found.flatMap(([name, path]) => (path === undefined ? [name] : []));
  if (missing.length > 0) {
    const from = [...new Set(missing.map((name) => packages[name] ?? "util-linux"))];
    throw new CleaveError({
      code: "sandbox-unavailable",
      message: `a sandbox needs ${missing.join(", ")}, which ${missing.length === 1 ? "is" : "are"} not on the search path`,
      hint: `install ${from.join(", ")}`,
    });
  }
  return Object.fromEntries(found) as Record<Name, string>;
}
