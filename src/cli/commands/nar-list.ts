import { CleaveError, encodeText } from "../../base/index.ts";
import { listNar } from "../../nix/nar/list.ts";
import type { Command } from "../command.ts";
import { placed, readInput } from "../input.ts";

export const narList: Command = {
  usage: "[-R] [-l] [-d] [--json] FILE [PATH]",
  summary: "List a path of a NAR file, its root if none is given, as nix nar ls does.",
  details: "FILE may be - for standard input.",
  options: {
    recursive: { type: "boolean", short: "R", summary: "list folders in folders too" },
    long: { type: "boolean", short: "l", summary: "show modes, sizes and targets" },
    directory: { type: "boolean", short: "d", summary: "show folders rather than what is in them" },
    json: { type: "boolean", summary: "print one JSON object, with the offset of each file's contents" },
  },
  arity: [1, 2],
  run: async ({ positionals: [file = "", path = "/"], flag }, io) => {
    const wanted = ["recursive", "long", "directory", "json"].filter(flag);
    const other = wanted.find((option) => option === "directory" || option === "long");
    if (flag("json") && other !== undefined)
      throw new CleaveError({ code: "cli-usage", message: `--json does not go with --${other}` });
    await placed(file, async () => {
      const options = Object.fromEntries(wanted.map((option) => [option, true]));
      for await (const text of listNar(readInput(file, `listing ${file}`, io), { ...options, path }))
        await io.write(encodeText(text));
    });
    return 0;
  },
};
