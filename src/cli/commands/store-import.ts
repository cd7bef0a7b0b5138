import { CleaveError } from "../../base/index.ts";
import type { Command } from "../command.ts";
import { readInput } from "../input.ts";
import { jsonOption, withStore, writePaths } from "../local-store.ts";

export const storeImport: Command = {
  usage: "[--json] < FILE",
  summary: "Add what cleave store export or nix-store --export wrote; print the store paths.",
  details: "The stream is trusted: import only from where you would run programs from.",
  options: jsonOption,
  arity: [0, 0],
  run: async ({ flag }, io) =>
    await withStore(io, async (store) => {
      const paths: string[] = [];
      try {
        for await (const path of store.importPaths(readInput("-", "importing", io))) {
          if (flag("json")) paths.push(path);
          else await writePaths([path], false, io);
        }
      } catch (error) {
        // What has an offset is wrong in the stream.
        const isOfStream = error instanceof CleaveError && error.location?.offset !== undefined;
        throw isOfStream ? error.at({ file: "standard input" }) : error;
      }
      if (flag("json")) await writePaths(paths, true, io);
      return 0;
    }),
};
