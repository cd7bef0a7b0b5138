import { compareText } from "../../base/index.ts";

/** List texts in the order of their bytes, each once; a list that is so already is given back as it is. */
export function ordered<T extends string>(texts: Iterable<T>): readonly T[] {
  const list = Array.isArray(texts) ? (texts as readonly T[]) : [...texts];
  for (let at = 1; at < list.length; at += 1)
    if (compareText(list[at - 1] ?? "", list[at] ?? "") >= 0) return [...new Set(list)].sort(compareText);
  return list;
}
