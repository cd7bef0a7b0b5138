import { CleaveError, quote } from "../../base/index.ts";
import { formatHash, type HashFormat, parseHash } from "../../nix/hash.ts";
import type { Command } from "../command.ts";
import { hashTypeOption, readHashType } from "../hash-format.ts";

const formats: Readonly<Record<string, HashFormat>> = {
  base16: "base16",
  nix32: "nix32",
  base32: "nix32",
  base64: "base64",
  sri: "sri",
};

export const hashConvert: Command = {
  usage: "[--type ALGO] [--to FORMAT] HASH...",
  summary: "Print each hash in another format, a line each, as nix hash convert and nix hash to-FORMAT do.",
  details: `HASH is in base16, nix32 (Nix's base32) or base64, with ALGO: in front or without, or SRI. Which it is, its
length tells.`,
  options: {
    ...hashTypeOption(", for hashes that do not say it themselves"),
    to: { type: "string", value: "FORMAT", summary: "base16, nix32 (or base32), base64 or sri, the default" },
  },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async (args, { write }) => {
    const to = args.value("to") ?? "sri";
    const format = Object.hasOwn(formats, to) ? formats[to] : undefined;
    if (format === undefined)
      throw new CleaveError({
        code: "cli-usage",
        message: `there is no hash format ${quote(to)}`,
        hint: "the hash formats are base16, nix32, base64 and sri",
      });
    const algorithm = readHashType(args);
    for (const hash of args.positionals) await write(`${formatHash(parseHash(hash, algorithm), format)}\n`);
    return 0;
  },
};
