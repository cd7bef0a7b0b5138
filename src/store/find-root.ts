/** Where the user's store is. */
import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { CleaveError, decodeText, quote } from "../base/index.ts";
import { hasCode } from "./fault.ts";

/**
 * Give the root of the user's store, with links resolved: `CLEAVE_ROOT`, else `cleave` in `XDG_DATA_HOME`, else
 * in `~/.local/share`. Variables that are empty count as not there. It need not exist. Throws `store-no-place`, also
 * for a place that is not UTF-8.
 */
export function findRoot(env: Readonly<Record<string, string | undefined>>, cwd: string): string {
  const { CLEAVE_ROOT: own, XDG_DATA_HOME: data, HOME: home } = env;
  if (own) return resolveLinks(resolve(cwd, own), "CLEAVE_ROOT");
  // The base directory specification says to pass over what is relative.
  if (data && isAbsolute(data)) return resolveLinks(join(data, "cleave"), "XDG_DATA_HOME");
  if (home && isAbsolute(home)) return resolveLinks(join(home, ".local/share/cleave"), "HOME");
  throw new CleaveError({
    code: "store-no-place",
    message: "there is no place for a store: none of CLEAVE_ROOT, XDG_DATA_HOME and HOME is set to a folder",
    hint: "set CLEAVE_ROOT to the folder where the store shall be",
  });
}

/**
 * Resolve the links on the way to a file as far as it exists: real Nix refuses a store behind links. Node replaces
 * what is not UTF-8 in the variable that tells the file, which would be another file.
 */
function resolveLinks(file: string, variable: string): string {
  const resolved = resolveExisting(file);
  const wrong = [file, resolved].find((each) => each.includes("\ufffd") || !each.isWellFormed());
  if (wrong === undefined) return resolved;
  throw new CleaveError({
    code: "store-no-place",
    message: `the place of the store cannot be read from ${variable}: ${quote(wrong)} is not UTF-8`,
    hint: "set CLEAVE_ROOT to a folder whose path, with all links resolved, is UTF-8",
  });
}

function resolveExisting(file: string): string {
  const missing: string[] = [];
  for (let at = file; ; at = dirname(at)) {
    try {
      return join(decodeText(realpathSync.native(at, "buffer")), ...missing);
    } catch (error) {
      if (!hasCode(error, "ENOENT") || at === "/") return file;
      missing.unshift(basename(at));
    }
  }
}
