import type { Command } from "../command.ts";
import { findStorePaths, withStore } from "../local-store.ts";

export const storeExport: Command = {
  usage: "[--only] PATH... > FILE",
  summary: "Write paths, with all that they refer to, for cleave store import.",
  details: "It is the stream of nix-store --export, which nix-store --import reads, too.",
  options: { only: { type: "boolean", summary: "write just these paths, as nix-store --export does" } },
  arity: [1, Infinity],
  run: async ({ positionals, flag }, io) =>
    await withStore(io, async (store) => {
      const paths = findStorePaths(positionals, store, io);
      await store.addTemporaryRoots(paths);
      const all = flag("only") ? paths : await store.closure(paths);
      for await (const block of store.exportPaths(all)) await io.write(block);
      return 0;
    }),
};
