import { CleaveError, compareText } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";

/**
 * Order paths so that each comes after all of them that it refers to, and otherwise by bytes: the order in which
 * Nix lists a closure and exports it. `referencesOf` gives references in the order of their bytes. Throws
 * `store-cycle`.
 */
export function orderByReferences(
  paths: Iterable<StorePath>,
  referencesOf: (path: StorePath) => readonly StorePath[],
): StorePath[] {
  const all = [...paths].sort(compareText);
  const wanted = new Set(all);
  const order = new Set<StorePath>();
  const open = new Set<StorePath>();
  for (const start of all) {
    if (order.has(start)) continue;
    const frames = [{ path: start, references: referencesOf(start), next: 0 }];
    open.add(start);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const reference = frame.references[frame.next];
      frame.next += 1;
      if (reference === undefined) {
        frames.pop();
        open.delete(frame.path);
        order.add(frame.path);
      } else if (reference !== frame.path && wanted.has(reference) && !order.has(reference)) {
        if (open.has(reference))
          throw new CleaveError({
            code: "store-cycle",
            message: `${reference} and ${frame.path} refer to each other, directly or through others`,
            hint: "move what both need into one output",
          });
        open.add(reference);
        frames.push({ path: reference, references: referencesOf(reference), next: 0 });
      }
    }
  }
  return [...order];
}

/** Collect everything that is reached from some paths, themselves included. */
export function reach(
  paths: Iterable<StorePath>,
  next: (path: StorePath) => Iterable<StorePath>,
): Set<StorePath> {
  const seen = new Set(paths);
  // A set grows while it is walked, and every new member is met.
  for (const path of seen) for (const each of next(path)) seen.add(each);
  return seen;
}
