import { parseHash } from "../../nix/hash.ts";
import { makeFixedOutputPath } from "../../nix/make-store-path.ts";
import { parseStorePath } from "../../nix/store-path.ts";
import type { Command } from "../command.ts";
import { readValue } from "../option-value.ts";

export const storePathMakeSource: Command = {
  usage: "[--reference PATH]... [--self] NAME HASH",
  summary:
    "Print the store path of a file or tree by its NAR, as nix-store --add and floating outputs have it.",
  details: `HASH is the sha256 of the NAR, in any format; of content that refers to itself, the hash modulo its own hash part:

  cleave store-path make-source src "$(cleave hash path src)"`,
  options: {
    reference: {
      type: "string",
      multiple: true,
      value: "PATH",
      summary: "a store path that the content refers to",
    },
    self: { type: "boolean", summary: "the content refers to itself" },
  },
  arity: [2, 2],
  run: async ({ positionals: [name = "", hash = ""], values, flag }, { write }) => {
    const references = values("reference").map((path) => readValue("reference", path, parseStorePath));
    const self = flag("self");
    await write(
      `${makeFixedOutputPath(name, "recursive", parseHash(hash, "sha256"), { references, self })}\n`,
    );
    return 0;
  },
};
