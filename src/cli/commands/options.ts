import { describeOption, optionsOf } from "../../recipes/options.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";

export const optionsCommand: Command = {
  usage: "[--json] [--all] ATTR [PREFIX]",
  summary: "List the options of a package, with type, default, description and present value.",
  options: {
    all: { type: "boolean", summary: "internal and read-only ones too" },
    ...setOptions,
    ...jsonOption,
  },
  arity: [1, 2],
  run: async (args, io) => {
    const [attribute = "", prefix = ""] = args.positionals;
    const made = (await openPackages(args, io)).package(attribute);
    const options = optionsOf(made, { all: args.flag("all") }).filter(({ name }) => name.startsWith(prefix));
    if (args.flag("json")) {
      await io.write(`${JSON.stringify({ options })}\n`);
      return 0;
    }
    await io.write(
      options
        .flatMap(describeOption)
        .map((line) => `${line}\n`)
        .join(""),
    );
    return 0;
  },
};
