import { quote } from "../../base/index.ts";
import { hashPart, namePart, splitStorePath } from "../../nix/store-path.ts";
import type { Command } from "../command.ts";

export const storePathParse: Command = {
  usage: "[--json] PATH...",
  summary:
    "Check paths in the store and print the parts of each: store path, hash part, name, what is below.",
  details: "PATH starts with /nix/store/; it need not exist.",
  options: { json: { type: "boolean", summary: "print one JSON object for all" } },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async ({ positionals, flag }, { write }) => {
    const all = positionals.map((text) => {
      const { path, below } = splitStorePath(text);
      const parts = { storePath: path, hashPart: hashPart(path), name: namePart(path) };
      return below === "" ? parts : { ...parts, below };
    });
    await write(flag("json") ? `${JSON.stringify({ paths: all })}\n` : all.map(describe).join("\n"));
    return 0;
  },
};

function describe(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .map(([part, value]) => `${part.padEnd("storePath".length)}  ${quote(value)}\n`)
    .join("");
}
