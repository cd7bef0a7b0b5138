import type { Command } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { findStorePaths, jsonOption, withStore, writeCollected } from "../local-store.ts";

export const storeDelete: Command = {
  usage: "[--json] PATH...",
  summary: "Delete paths that no garbage collector root and no other path needs, as nix-store --delete does.",
  details:
    "Nothing is deleted if one of them is needed. Paths that refer to each other go together. Damaged paths that were\n" +
    "added or built once can be added or built again after that.",
  options: jsonOption,
  arity: [1, Infinity],
  run: async ({ positionals, flag }, io) =>
    await undoable((signal) =>
      withStore(
        io,
        async (store) => {
          const only = new Set(findStorePaths(positionals, store, io));
          await writeCollected(await store.collect({ only, signal }), flag("json"), io);
          return 0;
        },
        { useReserve: true },
      ),
    ),
};
