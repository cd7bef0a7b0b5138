import { CleaveError, nearest, quote } from "../../base/index.ts";
import type { Package } from "../../package/index.ts";
import { describeOption, type OptionState, optionsOf } from "../../recipes/options.ts";
import { asJson } from "../as-json.ts";
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
    if (options.length === 0) throw noOption(made, prefix);
    if (args.flag("json")) {
      await io.write(`${JSON.stringify({ options: options.map(plain) })}\n`);
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

/** What of an option has JSON. */
function plain(state: OptionState): object {
  return {
    ...state,
    ...("default" in state ? { default: asJson(state.default) } : {}),
    ...("value" in state ? { value: asJson(state.value) } : {}),
  };
}

function noOption(made: Package, prefix: string): CleaveError {
  const names = optionsOf(made, { all: true }).map(({ name }) => name);
  const near = nearest(prefix, names);
  const isHidden = names.some((name) => name.startsWith(prefix));
  const above = names.find((name) => prefix.startsWith(`${name}.`));
  return new CleaveError({
    code: "option-unknown",
    message: `${made.attribute} has no option that starts with ${quote(prefix)}`,
    hint: isHidden
      ? "with --all internal and read-only options are listed, too"
      : above !== undefined
        ? `options are listed down to ${above}; cleave why ${made.attribute} ${prefix} looks below it`
        : near.length > 0
          ? `did you mean ${near.join(" or ")}?`
          : `cleave options ${made.attribute} lists all`,
  });
}
