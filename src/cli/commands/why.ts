import { CleaveError, describeLocation, quote } from "../../base/index.ts";
import { describeExplanation, type Explanation } from "../../modules/index.ts";
import { findText, type TextUse } from "../../recipes/find-text.ts";
import { asJson } from "../as-json.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";

export const why: Command = {
  usage: "[--json] ATTR OPTION | [--json] ATTR --in-drv TEXT",
  summary:
    "Tell the whole story of an option's value, or which lines wrote a text in a package's derivation.",
  details:
    "For an option: its value, all definitions with place, priority and outcome, and which options read it.\n\n" +
    "With --in-drv: the options whose values hold TEXT, from what was written down to what went into the derivation, each with the\n" +
    "lines that define it; exits with 1 where nothing holds it.",
  options: {
    "in-drv": { type: "string", value: "TEXT", summary: "look for a text in the derivation" },
    ...setOptions,
    ...jsonOption,
  },
  arity: [1, 2],
  run: async (args, io) => {
    const [attribute = "", option] = args.positionals;
    const text = args.value("in-drv");
    if ((text === undefined) === (option === undefined))
      throw new CleaveError({
        code: "cli-usage",
        message: "cleave why takes an option, or --in-drv and a text",
        hint: "cleave why hello version; cleave why hello --in-drv=-O2",
      });
    const made = (await openPackages(args, io)).package(attribute);
    if (option !== undefined) {
      const explanation = made.explain(option);
      await io.write(
        args.flag("json") ? `${JSON.stringify(plain(explanation))}\n` : describeExplanation(explanation),
      );
      return 0;
    }
    const uses = findText(made, text ?? "");
    if (args.flag("json")) await io.write(`${JSON.stringify({ uses })}\n`);
    else if (uses.length > 0) await io.write(uses.map(format).join(""));
    else
      io.emit({
        type: "note",
        message: `${quote(text ?? "")} is in no option of ${attribute}, nor in its derivation`,
      });
    return uses.length > 0 ? 0 : 1;
  },
};

function format({ where, value, definitions }: TextUse): string {
  const lines = definitions.map(
    ({ module, location }) =>
      `    defined by module ${module}${location === undefined ? "" : ` at ${describeLocation(location)}`}\n`,
  );
  return `${where} = ${value}\n${lines.join("")}`;
}

/** What of an explanation has JSON: values as texts where they have none. */
function plain({ value, error, definitions, ...facts }: Explanation): object {
  return {
    ...facts,
    ...(error === undefined ? { value: asJson(value) } : { error: String(error) }),
    definitions: definitions.map(({ value: given, ...rest }) => ({ ...rest, value: asJson(given) })),
  };
}
