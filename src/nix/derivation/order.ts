import { compareText } from "../../base/index.ts";

/** List texts in the order of their bytes, each once; a list that is so already is given back as it is. */
export function ordered<T extends string>(texts: Iterable<T>): readonly T[] {
  const list = Array.isArray(texts) ? (texts as readonly T[]) : [...texts];
  return isAscending(list) ? list : [...new Set(list)].sort(compareText);
}

/** Go through a map in the order of its keys' bytes, without a copy where it has that order already. */
export function inOrder<K extends string, V>(map: ReadonlyMap<K, V>): Iterable<readonly [K, V]> {
  return map.size < 2 || isAscending(map.keys()) ? map : [...map].sort(([a], [b]) => compareText(a, b));
}

function isAscending(texts: Iterable<string>): boolean {
  let last: string | undefined;
  for (const text of texts) {
    if (last !== undefined && compareText(last, text) >= 0) return false;
    last = text;
  }
  return true;
}
