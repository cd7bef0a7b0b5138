/** Types of texts and paths. */
import { types } from "node:util";
import { describeValue } from "../problem.ts";
import { misfits } from "./check.ts";
import { refuseParts } from "./element.ts";
import { scalar } from "./scalar.ts";
import { Type } from "./type.ts";

const isString = (value: unknown): value is string => typeof value === "string";

/** A text; several definitions must be equal. */
export const string: Type<string, string> = scalar({
  name: "str",
  description: "string",
  check: isString,
  schema: { type: "string" },
});

export const nonEmptyString: Type<string, string> = scalar({
  name: "nonEmptyStr",
  description: "non-empty string",
  check: (value) => isString(value) && !/^[ \t\n\r]*$/.test(value),
  schema: { type: "string", pattern: "[^ \\t\\n\\r]" },
});

/** A text without line feeds. */
export const singleLineString: Type<string, string> = new Type({
  name: "singleLineStr",
  description: "(optionally newline-terminated) single-line string",
  phrase: "noun",
  merge: (place, definitions) => {
    const wrong = misfits(
      definitions,
      (value) => isString(value) && !/[\n\r]/.test(value.replace(/\n$/, "")),
    );
    return wrong ?? String(string.merge(place, definitions)).replace(/\n$/, "");
  },
  schema: () => ({ type: "string", pattern: "^[^\\n\\r]*\\n?$" }),
});

/** A text that the whole of a regular expression matches. */
export function stringMatching(pattern: RegExp): Type<string, string> {
  if (!types.isRegExp(pattern))
    refuseParts(
      `stringMatching: this is no regular expression: ${describeValue(pattern)}`,
      "give one: types.stringMatching(/[a-z]+/)",
    );
  const { source } = pattern;
  const flags = pattern.flags.replace(/[dgy]/g, "");
  // With the flag m, ^ and $ would be the ends of a line.
  const whole = new RegExp(`(?<![^])(?:${source})(?![^])`, flags);
  return scalar({
    name: "strMatching",
    description: `string matching the pattern ${source}${flags === "" ? "" : ` with the flags ${flags}`}`,
    check: (value) => isString(value) && whole.test(value),
    // A schema's patterns have no flags.
    schema: { type: "string", ...(/[ims]/.test(flags) ? {} : { pattern: `^(?:${source})$` }) },
  });
}

/** A text; several definitions are joined with `separator`. */
export function separatedString(separator: string): Type<string, string> {
  return separated(
    "separatedString",
    separator === "" ? "Concatenated string" : `strings concatenated with ${JSON.stringify(separator)}`,
    separator,
  );
}

function separated(name: string, description: string, separator: string): Type<string, string> {
  const type: Type<string, string> = scalar({
    name,
    description,
    check: isString,
    merge: (_place, definitions) => definitions.map(({ value }) => value).join(separator),
    schema: { type: "string" },
    unite: (other) => (other.parts === separator ? type : undefined),
    parts: separator,
  });
  return type;
}

export const lines: Type<string, string> = separated(
  "separatedString",
  'strings concatenated with "\\n"',
  "\n",
);
export const commas: Type<string, string> = separated(
  "separatedString",
  'strings concatenated with ","',
  ",",
);
export const envVar: Type<string, string> = separated(
  "separatedString",
  'strings concatenated with ":"',
  ":",
);
