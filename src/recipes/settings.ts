/** Settings: options of packages that are given on the command line, as `hello.doCheck=false`. */
import { CleaveError, type Json, quote } from "../base/index.ts";

export type Setting = { readonly attribute: string; readonly option: string; readonly value: Json };

/**
 * Read a setting, `ATTR.OPTION=VALUE`. The value is JSON, or else the text itself. `attributes` says which names are
 * packages: the longest that fits counts. Throws `setting-malformed`.
 */
export function parseSetting(text: string, isAttribute: (name: string) => boolean): Setting {
  const at = text.indexOf("=");
  const names = at < 0 ? [] : text.slice(0, at).split(".");
  for (let length = names.length - 1; length > 0; length -= 1) {
    const attribute = names.slice(0, length).join(".");
    const option = names.slice(length).join(".");
    if (option !== "" && isAttribute(attribute))
      return { attribute, option, value: parseValue(text.slice(at + 1)) };
  }
  throw new CleaveError({
    code: "setting-malformed",
    message: `${quote(text)} sets no option of a package`,
    hint: "write ATTR.OPTION=VALUE, such as hello.doCheck=false; cleave options ATTR lists them",
  });
}

function parseValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A text that needs no quotes.
    return text;
  }
}
