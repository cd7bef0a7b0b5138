/** Finds where a text in a package's derivation comes from. */
import type { Location } from "../base/index.ts";
import type { Package } from "../package/index.ts";
import { isStoreObject } from "../package/store-object.ts";

export type TextUse = {
  /** The path of an option, or of a value inside of one; or, with `derivation` in front, a place in the derivation. */
  readonly where: string;
  readonly value: string;
  readonly definitions: readonly { readonly module: string; readonly location: Location | undefined }[];
};

/** Options that every package has and that say nothing of where a text comes from. */
const skipped = new Set(["inputs", "platforms"]);

/**
 * Find the options whose values hold a text, those that are written as literals first, and the places in the canonical
 * derivation that do.
 */
export function findText(made: Package, text: string): TextUse[] {
  const found: TextUse[] = [];
  const seen = new Set<object>();
  const visit = (value: unknown, path: readonly string[]): void => {
    if (typeof value === "string") {
      if (value.includes(text)) found.push(useOf(made, path, value));
    } else if (isStoreObject(value)) {
      const stored = textOf(value);
      if (stored?.includes(text) === true) found.push(useOf(made, path, stored));
    } else if (typeof value === "object" && value !== null && !seen.has(value)) {
      seen.add(value);
      for (const name of Object.keys(value)) {
        if (path.length === 0 && skipped.has(name)) continue;
        let below: unknown;
        try {
          below = Reflect.get(value, name);
        } catch {
          // Not defined, or wrong: then it is in no derivation.
          continue;
        }
        visit(below, [...path, Array.isArray(value) ? `[${name}]` : name]);
      }
    }
  };
  visit(made.config, []);
  const { env, args, builder } = made.lower("joined").canonical.derivation;
  const places: TextUse[] = [];
  const place = (where: string, value: string): void => {
    if (value.includes(text))
      places.push({ where: `derivation ${where}`, value: around(value, text), definitions: [] });
  };
  place("builder", builder);
  for (const [index, each] of args.entries()) place(`args[${index}]`, each);
  for (const [name, value] of env) place(name, value);
  return [...found, ...places];
}

function textOf(value: object): string | undefined {
  try {
    return String(value);
  } catch {
    return undefined;
  }
}

function useOf(made: Package, path: readonly string[], value: string): TextUse {
  // The nearest option: what is inside of data has no definitions of its own.
  for (let length = path.length; length > 0; length -= 1) {
    try {
      const { definitions } = made.explain(path.slice(0, length));
      const used = definitions.filter(({ outcome }) => outcome === "used");
      if (used.length > 0 || length === 1)
        return {
          where: show(path),
          value,
          definitions: used.map(({ module, location }) => ({ module, location })),
        };
    } catch {
      // No option: look further up.
    }
  }
  return { where: show(path), value, definitions: [] };
}

function show(path: readonly string[]): string {
  return path.reduce(
    (text, name) => (text === "" ? name : name.startsWith("[") ? text + name : `${text}.${name}`),
    "",
  );
}

/** Cut a long text to what is around another one. */
function around(value: string, text: string): string {
  const at = value.indexOf(text);
  const start = Math.max(0, at - 40);
  const end = Math.min(value.length, at + text.length + 40);
  return `${start > 0 ? "…" : ""}${value.slice(start, end)}${end < value.length ? "…" : ""}`;
}
