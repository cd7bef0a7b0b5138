/** The questions that a local store answers from its database. */
import { CleaveError } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";
import type { Database } from "./database.ts";
import { orderByReferences, reach } from "./order.ts";
import type { PathInfo } from "./path-info.ts";

/** Give what is known of a path. Throws `store-invalid-path`. */
export function infoOf(database: Database, path: StorePath): PathInfo {
  const info = database.info(path);
  if (info === undefined) throw invalidPath(path);
  return info;
}

export function invalidPath(path: StorePath): CleaveError {
  return new CleaveError({
    code: "store-invalid-path",
    message: `${path} is not valid in this store`,
    hint: "build or add it first; cleave store root says which store this is",
  });
}

/** See `Store.closure`. */
export function closureOf(
  database: Database,
  paths: Iterable<StorePath>,
  direction: "references" | "referrers" = "references",
): StorePath[] {
  return database.read(() => {
    const start = [...paths];
    for (const path of start) if (!database.isValid(path)) throw invalidPath(path);
    const known = new Map<StorePath, readonly StorePath[]>();
    const references = (path: StorePath) => {
      let found = known.get(path);
      if (found === undefined) {
        found = database.references(path);
        known.set(path, found);
      }
      return found;
    };
    const all = reach(start, direction === "references" ? references : database.referrers);
    return orderByReferences(all, references);
  });
}
