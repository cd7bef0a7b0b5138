import { parseHash } from "../../nix/hash.ts";
import { makeTextPath } from "../../nix/make-store-path.ts";
import { parseStorePath } from "../../nix/store-path.ts";
import type { Command } from "../command.ts";
import { readValue } from "../option-value.ts";

export const storePathMakeText: Command = {
  usage: "[--reference PATH]... NAME HASH",
  summary: "Print the store path of a text, such as builtins.toFile and derivations have.",
  details: `HASH is the sha256 of the text's bytes, in any format:

  cleave store-path make-text notes.txt "$(cleave hash file notes.txt)"`,
  options: {
    reference: {
      type: "string",
      multiple: true,
      value: "PATH",
      summary: "a store path that the text refers to",
    },
  },
  arity: [2, 2],
  run: async ({ positionals: [name = "", hash = ""], values }, { write }) => {
    const references = values("reference").map((path) => readValue("reference", path, parseStorePath));
    await write(`${makeTextPath(name, parseHash(hash, "sha256"), references)}\n`);
    return 0;
  },
};
