import { parseHash } from "../../nix/hash.ts";
import { makeFixedOutputPath } from "../../nix/make-store-path.ts";
import type { Command } from "../command.ts";
import { hashTypeOption, readHashType } from "../hash-format.ts";

export const storePathMakeFixed: Command = {
  usage: "[--recursive] [--type ALGO] NAME HASH",
  summary: "Print the store path of a fixed output, as nix-store --print-fixed-path does.",
  details: `HASH is that of the file's bytes, or with --recursive of the NAR, in any format:

  cleave store-path make-fixed hello-2.12.1.tar.gz sha256-jZkUKv2SV28wsM18tCqNxoCZmLxdYH2Idh9RLibH2yA=`,
  options: {
    recursive: { type: "boolean", summary: "the NAR of a file or tree is hashed, not the bytes of a file" },
    ...hashTypeOption(", for a hash that does not say it itself"),
  },
  arity: [2, 2],
  run: async (args, { write }) => {
    const [name = "", hash = ""] = args.positionals;
    const parsed = parseHash(hash, readHashType(args));
    await write(`${makeFixedOutputPath(name, args.flag("recursive") ? "recursive" : "flat", parsed)}\n`);
    return 0;
  },
};
