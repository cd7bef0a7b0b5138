import { addAbortSignal, Readable } from "node:stream";
import { restorePath } from "../../nix/nar/restore.ts";
import type { Command } from "../command.ts";
import { placed, readInput } from "../input.ts";
import { undoable } from "../interrupt.ts";

export const narRestore: Command = {
  usage: "PATH",
  summary: "Make the tree of the NAR on standard input at a path, as nix-store --restore does.",
  details:
    "The path must not exist. The tree grows beside it and is moved there when it is whole: a NAR that is\n" +
    "not valid, a full disk or an interrupt leaves nothing behind.",
  options: {},
  arity: [1, 1],
  run: ({ positionals: [path = ""] }, io) =>
    undoable(async (signal) => {
      if (io.stdin instanceof Readable) addAbortSignal(signal, io.stdin);
      // As every program of Nix: 0644 and 0755 whoever calls.
      process.umask(0o022);
      await placed("-", () => restorePath(path, readInput("-", `restoring ${path}`, io), { signal }));
      return 0;
    }),
};
