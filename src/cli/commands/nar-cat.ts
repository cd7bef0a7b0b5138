import { readNarFile } from "../../nix/nar/list.ts";
import type { Command } from "../command.ts";
import { placed, readInput } from "../input.ts";

export const narCat: Command = {
  usage: "FILE PATH",
  summary: "Print the contents of one file in a NAR file, as nix nar cat does.",
  details: "FILE may be - for standard input.",
  options: {},
  arity: [2, 2],
  run: async ({ positionals: [file = "", path = ""] }, io) => {
    await placed(file, async () => {
      for await (const chunk of readNarFile(readInput(file, `reading ${file}`, io), path))
        await io.write(chunk);
    });
    return 0;
  },
};
