import { addAbortSignal, Readable } from "node:stream";
import { CleaveError } from "../../base/index.ts";
import type { Command } from "../command.ts";
import { readInput } from "../input.ts";
import { undoable } from "../interrupt.ts";
import { jsonOption, withStore, writePaths } from "../local-store.ts";

export const storeImport: Command = {
  usage: "[--json] < FILE",
  summary: "Add what cleave store export or nix-store --export wrote; print the store paths.",
  details: "The stream is trusted: import only from where you would run programs from.",
  options: jsonOption,
  arity: [0, 0],
  run: async ({ flag }, io) =>
    await withStore(io, (store) =>
      undoable(async (signal) => {
        if (io.stdin instanceof Readable) addAbortSignal(signal, io.stdin);
        const paths: string[] = [];
        try {
          for await (const path of store.importPaths(readInput("-", "importing", io), { signal })) {
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
    ),
};
