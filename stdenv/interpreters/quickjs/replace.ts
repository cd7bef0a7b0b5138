/** Replacing texts in raw texts. */
import { escapeRegExp } from "./glob.ts";
import { encodeRaw } from "./text.ts";

/**
 * Replace texts in a raw text, all at once from left to right; where several begin at one place the longest is taken. Tells
 * which of them were not found. The empty text is nowhere.
 */
export function replaceTexts(
  raw: string,
  replacements: Readonly<Record<string, string>>,
): { readonly text: string; readonly missing: readonly string[] } {
  const byRaw = new Map(Object.entries(replacements).map(([from, to]) => [encodeRaw(from), encodeRaw(to)]));
  const longestFirst = [...byRaw.keys()].filter((from) => from !== "").sort((a, b) => b.length - a.length);
  const found = new Set<string>();
  const text =
    longestFirst.length === 0
      ? raw
      : raw.replace(new RegExp(longestFirst.map(escapeRegExp).join("|"), "gsu"), (match) => {
          found.add(match);
          return byRaw.get(match) ?? match;
        });
  return { text, missing: Object.keys(replacements).filter((from) => !found.has(encodeRaw(from))) };
}
