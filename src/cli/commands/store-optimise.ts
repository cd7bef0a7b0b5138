import type { Command } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { jsonOption, withStore } from "../local-store.ts";

export const storeOptimise: Command = {
  usage: "[--json]",
  summary: "Save space: make files of the same content hard links to one file.",
  options: jsonOption,
  arity: [0, 0],
  run: async ({ flag }, io) =>
    await undoable((signal) =>
      withStore(io, async (store) => {
        const { filesLinked, bytesFreed } = await store.optimise({ signal });
        await io.write(
          flag("json")
            ? `${JSON.stringify({ filesLinked, bytesFreed })}\n`
            : `${(bytesFreed / 2 ** 20).toFixed(2)} MiB freed by hard-linking ${filesLinked} files\n`,
        );
        return 0;
      }),
    ),
};
