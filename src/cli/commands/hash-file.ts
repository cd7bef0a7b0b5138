import { formatHash, makeHasher } from "../../nix/hash.ts";
import type { Command } from "../command.ts";
import { hashFormatOptions, hashTypeOption, readHashFormat, readHashType } from "../hash-format.ts";
import { readInput } from "../input.ts";

export const hashFile: Command = {
  usage: "[--type ALGO] [--base16|--base32|--base64|--sri] FILE...",
  summary: "Print the hash of the bytes of each file, a line each, as nix hash file does.",
  details: "FILE may be - for standard input. `cleave hash path` hashes folders.",
  options: { ...hashTypeOption("; sha256 if absent"), ...hashFormatOptions },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async (args, io) => {
    const format = readHashFormat(args);
    const algorithm = readHashType(args) ?? "sha256";
    for (const file of args.positionals) {
      const hasher = makeHasher(algorithm);
      for await (const chunk of readInput(file, `hashing ${file}`, io)) hasher.update(chunk);
      await io.write(`${formatHash(hasher.finish(), format)}\n`);
    }
    return 0;
  },
};
