/** The host's programs that make a sandbox. */
import { accessSync, constants } from "node:fs";
import { CleaveError } from "../base/index.ts";

const needed = ["sh", "unshare", "setpriv", "mount", "mkfifo"] as const;
const neededByUnshare = ["umount", "pivot_root", "setsid", "env", "hostname"] as const;

export type Tools = Readonly<Record<(typeof needed)[number] | (typeof neededByUnshare)[number], string>>;

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

/**
 * Find every tool on a search path, and then where administrators' programs are. Throws `sandbox-unavailable`, naming
 * those that are missing; the `unshare` engine needs some more than bubblewrap.
 */
export function findTools(searchPath: string, { alone }: { readonly alone: boolean }): Tools {
  const where = `${searchPath}:/usr/bin:/bin:/usr/sbin:/sbin`;
  const missing: string[] = [];
  const find = (name: keyof Tools, must: boolean): string => {
    const path = findProgram(name, where);
    if (path === undefined && must) missing.push(name);
    return path ?? `/nonexistent/${name}`;
  };
  const tools: Tools = {
    sh: find("sh", true),
    unshare: find("unshare", true),
    setpriv: find("setpriv", true),
    mount: find("mount", true),
    mkfifo: find("mkfifo", true),
    umount: find("umount", alone),
    pivot_root: find("pivot_root", alone),
    setsid: find("setsid", alone),
    env: find("env", alone),
    hostname: find("hostname", alone),
  };
  if (missing.length > 0)
    throw new CleaveError({
      code: "sandbox-unavailable",
      message: `a sandbox needs ${missing.join(", ")}, which ${missing.length === 1 ? "is" : "are"} not on the search path`,
      hint: `install util-linux, coreutils${missing.includes("hostname") ? ", hostname" : ""}${alone ? " and better bubblewrap too" : ""}`,
    });
  return tools;
}
