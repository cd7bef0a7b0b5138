import { CleaveError, quote } from "../base/index.ts";
import { namePart, type StorePath } from "../nix/index.ts";
import type { Database } from "./database.ts";
import type { Roots } from "./roots.ts";

/**
 * Give the error that says why a path cannot be deleted together with `others`: a root that keeps it, if there is
 * one, else a valid path outside of them that needs it; nothing where it can be.
 */
export function whyAlive(
  database: Database,
  path: StorePath,
  others: ReadonlySet<StorePath>,
  roots: Roots,
): CleaveError | undefined {
  const alive = (why: string, hint: string) =>
    new CleaveError({ code: "store-path-alive", message: `${path} cannot be deleted: ${why}`, hint });
  const seen = new Set([path]);
  for (const each of seen) {
    const [root] = roots.get(each) ?? [];
    if (root !== undefined)
      return alive(
        `the garbage collector root ${quote(root)} keeps ${each === path ? "it" : `${each}, which needs it`}`,
        "remove that root first, or let the process end that has it",
      );
    for (const needing of neededBy(database, each)) seen.add(needing);
  }
  const needing = neededBy(database, path).find((each) => !others.has(each));
  return needing === undefined
    ? undefined
    : alive(`${needing} needs it`, "delete that, too: cleave store delete takes several paths");
}

/** The valid paths that a path stays for: its referrers, and for a derivation what came from it. */
function neededBy(database: Database, path: StorePath): StorePath[] {
  const outputs = namePart(path).endsWith(".drv")
    ? [...database.derivationOutputs(path).values()].filter((each) => database.info(each)?.deriver === path)
    : [];
  return [...database.referrers(path), ...outputs].filter((each) => each !== path);
}
