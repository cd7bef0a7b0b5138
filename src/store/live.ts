import type { StorePath } from "../nix/index.ts";
import { hashPart } from "../nix/index.ts";
import type { Database } from "./database.ts";

/** Which of the valid paths are live, growing as roots are added; a path that is live stays so. */
export type Live = {
  /** Keep what has the hash part of a path, and all that it refers to. */
  readonly keep: (root: StorePath) => void;
  readonly isLive: (path: StorePath) => boolean;
  /** The valid paths that are live now. */
  readonly live: () => StorePath[];
  /** The valid paths that are not live now, each after all that refer to it, with the sizes of their NARs. */
  readonly dead: () => { readonly path: StorePath; readonly narSize: number }[];
  /** The paths that were valid when the graph was loaded and come from a derivation. */
  readonly madeBy: (derivation: StorePath) => readonly StorePath[];
};

/**
 * Load the graph of a store. What is live keeps, as Nix does by default (`keep-derivations`), also the derivation
 * that it came from.
 */
export function loadLive(database: Database): Live {
  const { byId, references } = database.read(database.graph);
  const idOf = new Map<string, number>();
  const byHashPart = new Map<string, number>();
  for (const [id, { path }] of byId) {
    idOf.set(path, id);
    byHashPart.set(hashPart(path), id);
  }
  const forward = new Map<number, number[]>();
  let byDeriver: Map<string, StorePath[]> | undefined;
  for (const [from, to] of references) {
    if (from === to) continue;
    const list = forward.get(from);
    if (list === undefined) forward.set(from, [to]);
    else list.push(to);
  }
  const alive = new Set<number>();

  return {
    keep: (root) => {
      const first = byHashPart.get(hashPart(root));
      if (first === undefined) return;
      const todo = [first];
      for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
        if (alive.has(id)) continue;
        alive.add(id);
        const deriver = idOf.get(byId.get(id)?.deriver ?? "");
        if (deriver !== undefined) todo.push(deriver);
        for (const each of forward.get(id) ?? []) todo.push(each);
      }
    },
    isLive: (path) => {
      const id = idOf.get(path);
      return id !== undefined && alive.has(id);
    },
    live: () => [...alive].flatMap((id) => byId.get(id)?.path ?? []),
    dead: () => {
      const referrers = new Map<number, number>();
      for (const [id, to] of forward)
        if (!alive.has(id)) for (const each of to) referrers.set(each, (referrers.get(each) ?? 0) + 1);
      const order: { readonly path: StorePath; readonly narSize: number }[] = [];
      const todo = [...byId.keys()].filter((id) => !alive.has(id) && !referrers.has(id)).reverse();
      for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
        const entry = byId.get(id);
        if (entry !== undefined) order.push(entry);
        for (const each of forward.get(id) ?? []) {
          const left = (referrers.get(each) ?? 0) - 1;
          referrers.set(each, left);
          if (left === 0 && !alive.has(each)) todo.push(each);
        }
      }
      return order;
    },
    madeBy: (derivation) => {
      byDeriver ??= groupByDeriver(byId.values());
      return byDeriver.get(derivation) ?? [];
    },
  };
}

function groupByDeriver(
  entries: Iterable<{ readonly path: StorePath; readonly deriver: string | undefined }>,
): Map<string, StorePath[]> {
  const groups = new Map<string, StorePath[]>();
  for (const { path, deriver } of entries) {
    if (deriver === undefined) continue;
    const group = groups.get(deriver);
    if (group === undefined) groups.set(deriver, [path]);
    else group.push(path);
  }
  return groups;
}
