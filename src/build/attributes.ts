/**
 * Attributes of a derivation that say how it is to be built, whether they are variables or structured: a list is
 * words in a variable or a list of texts, a switch is `1` or `true`.
 */
import { CleaveError, quote } from "../base/index.ts";
import { type Derivation, structuredAttrs } from "../nix/index.ts";

export type Attributes = {
  /** Give a list of texts; `undefined` where it is not there. Throws `build-bad-attribute`. */
  readonly list: (name: string) => readonly string[] | undefined;
  /** Give a text; `undefined` where it is not there. Throws `build-bad-attribute`. */
  readonly text: (name: string) => string | undefined;
  /** Say whether a switch is on. Throws `build-bad-attribute`. */
  readonly flag: (name: string) => boolean;
};

/** Read a derivation's attributes. */
export function attributesOf(derivation: Derivation): Attributes {
  const attrs = structuredAttrs(derivation);
  const refuse = (name: string, what: string) =>
    new CleaveError({
      code: "build-bad-attribute",
      message: `the attribute ${quote(name)} of the derivation ${derivation.name} is not ${what}`,
      hint: "mend the recipe: Nix takes it in this form only",
    });
  if (attrs === undefined) {
    const { env } = derivation;
    return {
      list: (name) => splitWords(env.get(name)),
      text: (name) => env.get(name),
      flag: (name) => env.get(name) === "1",
    };
  }
  return {
    list: (name) => {
      const value = attrs[name];
      if (value === undefined) return undefined;
      if (!Array.isArray(value)) throw refuse(name, "a list of texts");
      return value.map((each: unknown) => {
        if (typeof each !== "string") throw refuse(name, "a list of texts");
        return each;
      });
    },
    text: (name) => {
      const value = attrs[name];
      if (value !== undefined && typeof value !== "string") throw refuse(name, "a text");
      return value;
    },
    flag: (name) => {
      const value = attrs[name];
      if (value !== undefined && typeof value !== "boolean") throw refuse(name, "true or false");
      return value === true;
    },
  };
}

/** Split a text at white space. */
export function splitWords(text: string | undefined): readonly string[] | undefined {
  return text?.split(/[ \t\n\r]+/).filter((word) => word !== "");
}
