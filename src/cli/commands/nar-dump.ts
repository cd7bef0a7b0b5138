import { dumpPath } from "../../nix/nar/dump.ts";
import type { Command } from "../command.ts";

export const narDump: Command = {
  usage: "PATH",
  summary: "Write a file, symlink or folder to standard output as a NAR, as nix-store --dump does.",
  options: {},
  arity: [1, 1],
  run: async ({ positionals: [path = ""] }, { write, emit }) => {
    let done = 0;
    for await (const block of dumpPath(path)) {
      await write(block);
      done += block.length;
      emit({ type: "progress", what: `dumping ${path}`, done });
    }
    return 0;
  },
};
