/** Settings: options of packages that are given on the command line, as `hello.doCheck=false`. */
import { CleaveError, type Json, nearest, quote } from "../base/index.ts";

export type Setting = { readonly attribute: string; readonly option: string; readonly value: Json };

/**
 * Read a setting, `ATTR.OPTION=VALUE`. The value is JSON, or else the text itself. `isAttribute` says which names are
 * packages: the longest that fits counts; `all` lists them. Throws `setting-malformed`.
 */
export function parseSetting(
  text: string,
  isAttribute: (name: string) => boolean,
  all: () => Iterable<string>,
): Setting {
  const at = text.indexOf("=");
  const names = (at < 0 ? text : text.slice(0, at)).split(".");
  for (let length = names.length - 1; length > 0; length -= 1) {
    const attribute = names.slice(0, length).join(".");
    const option = names.slice(length).join(".");
    if (option === "" || !isAttribute(attribute)) continue;
    if (at < 0) throw malformed(text, "has no value", `write ${text}=VALUE`);
    return { attribute, option, value: parseValue(text.slice(at + 1)) };
  }
  const near = names
    .slice(1)
    .flatMap((_, index) => nearest(names.slice(0, index + 1).join("."), all()))
    .slice(0, 3);
  throw malformed(
    text,
    "sets no option of a package",
    near.length > 0
      ? `did you mean the package ${near.join(" or ")}?`
      : "write ATTR.OPTION=VALUE, such as hello.doCheck=false; cleave options ATTR lists them",
  );
}

function malformed(text: string, what: string, hint: string): CleaveError {
  return new CleaveError({ code: "setting-malformed", message: `${quote(text)} ${what}`, hint });
}

function parseValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A text that needs no quotes.
    return text;
  }
}
