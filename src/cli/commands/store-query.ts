/** The queries that list paths. */

import type { StorePath } from "../../nix/index.ts";
import { type LocalStore, orderByReferences } from "../../store/index.ts";
import type { Command } from "../command.ts";
import { findStorePaths, jsonOption, withStore, writePaths } from "../local-store.ts";

const order = "Each path comes after all that it refers to, as nix-store --query lists them.";

export const storeReferences: Command = {
  usage: "[--json] PATH...",
  summary: "List the paths that paths refer to.",
  details: order,
  options: jsonOption,
  arity: [1, Infinity],
  run: query(async (store, paths) => {
    const found: StorePath[] = [];
    for (const path of paths) found.push(...(await store.requireInfo(path)).references);
    return found;
  }),
};

export const storeReferrers: Command = {
  usage: "[--json] PATH...",
  summary: "List the valid paths that refer to paths.",
  details: order,
  options: jsonOption,
  arity: [1, Infinity],
  run: query(async (store, paths) => {
    const found: StorePath[] = [];
    for (const path of paths) {
      await store.requireInfo(path);
      found.push(...(await store.referrers(path)));
    }
    return found;
  }),
};

export const storeClosure: Command = {
  usage: "[--referrers] [--json] PATH...",
  summary: "List paths and all that they refer to, directly or not.",
  details: order,
  options: {
    referrers: { type: "boolean", summary: "list what refers to them, instead" },
    ...jsonOption,
  },
  arity: [1, Infinity],
  run: async ({ positionals, flag }, io) =>
    await withStore(io, async (store) => {
      const paths = findStorePaths(positionals, store, io);
      const all = await store.closure(paths, flag("referrers") ? "referrers" : "references");
      await writePaths(all, flag("json"), io);
      return 0;
    }),
};

function query(
  find: (store: LocalStore, paths: readonly StorePath[]) => Promise<StorePath[]>,
): Command["run"] {
  return async ({ positionals, flag }, io) =>
    await withStore(io, async (store) => {
      const references = new Map<StorePath, readonly StorePath[]>();
      for (const path of await find(store, findStorePaths(positionals, store, io)))
        references.set(path, (await store.requireInfo(path)).references);
      const ordered = orderByReferences(references.keys(), (path) => references.get(path) ?? []);
      await writePaths(ordered, flag("json"), io);
      return 0;
    });
}
