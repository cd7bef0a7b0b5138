import { CleaveError, quote } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";
import type { Roots } from "./roots.ts";

type Needs = {
  readonly roots: Roots;
  /** The valid paths that a path stays for: its referrers, and for a derivation what came from it. */
  readonly neededBy: (path: StorePath) => readonly StorePath[];
};

/**
 * Give the error that says why a path cannot be deleted together with `others`: a root that keeps it, if there is
 * one, else a valid path outside of them that needs it; nothing where it can be.
 */
export function whyAlive(
  path: StorePath,
  others: ReadonlySet<StorePath>,
  { roots, neededBy }: Needs,
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
    for (const needing of neededBy(each)) seen.add(needing);
  }
  const needing = neededBy(path).find((each) => !others.has(each));
  return needing === undefined
    ? undefined
    : alive(`${needing} needs it`, "delete that, too: cleave store delete takes several paths");
}
