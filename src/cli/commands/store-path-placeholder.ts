import { CleaveError, quote } from "../../base/index.ts";
import { outputPlaceholder, upstreamPlaceholder } from "../../nix/make-store-path.ts";
import { namePart, parseStorePath } from "../../nix/store-path.ts";
import type { Command } from "../command.ts";
import { readValue } from "../option-value.ts";

export const storePathPlaceholder: Command = {
  usage: "[--derivation PATH] OUTPUT...",
  summary: "Print what stands in a derivation for outputs whose path is not known yet, a line each.",
  options: {
    derivation: {
      type: "string",
      value: "PATH",
      summary: "the derivation whose outputs they are; without it, those of the one they stand in",
    },
  },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async ({ positionals, value }, { write }) => {
    const given = value("derivation");
    const derivation = given === undefined ? undefined : readValue("derivation", given, parseStorePath);
    if (derivation !== undefined && !namePart(derivation).endsWith(".drv"))
      throw new CleaveError({
        code: "cli-usage",
        message: `${quote(derivation)} is no derivation: its name does not end in .drv`,
      });
    for (const output of positionals)
      await write(
        `${derivation === undefined ? outputPlaceholder(output) : upstreamPlaceholder(derivation, output)}\n`,
      );
    return 0;
  },
};
