import { formatHash } from "../../nix/hash.ts";
import { hashPath } from "../../nix/nar/hash-path.ts";
import type { Command } from "../command.ts";
import { hashFormatOptions, hashTypeOption, readHashFormat, readHashType } from "../hash-format.ts";

export const hashPathCommand: Command = {
  usage: "[--type ALGO] [--base16|--base32|--base64|--sri] PATH...",
  summary: "Print the hash of the NAR of each path, a line each, as nix hash path does.",
  options: { ...hashTypeOption("; sha256 if absent"), ...hashFormatOptions },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async (args, { write, emit }) => {
    const format = readHashFormat(args);
    const algorithm = readHashType(args) ?? "sha256";
    for (const path of args.positionals) {
      let done = 0;
      const { hash } = await hashPath(path, {
        algorithm,
        each: ({ length }) => {
          done += length;
          emit({ type: "progress", what: `hashing ${path}`, done });
        },
      });
      await write(`${formatHash(hash, format)}\n`);
    }
    return 0;
  },
};
