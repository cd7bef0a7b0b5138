import { compareText } from "../../base/index.ts";

/** List texts in the order of their bytes, each once; a list that is so already is given back as it is. */
export function ordered<T extends string>(texts: Iterable<T>): readonly T[] {
  const list = Array.isArray(texts) ? (texts as readonly T[]) : [...texts];
  return isAscending(list) ? list : [...new Set(list)].sort(compareText);
}

/** Go through a map in the order of its keys' bytes, without a copy where it has that order already. */
export function inOrder<K extends string, V>(map: ReadonlyMap<K, V>): Iterable<readonly [K, V]> {
  return map.size < 2 || isAscending(map.keys()) ? map : sortEntries([...map]);
}

/** Give a map in the order of its keys' bytes: itself where it has that order already. */
export function orderedMap<K extends string, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return map.size < 2 || isAscending(map.keys()) ? map : new Map(sortEntries([...map]));
}

/** How many entries are sorted by hand, which is quicker where they are few or nearly in order. */
const few = 24;

/** Sort entries by the bytes of their keys, in place; those of one key keep their order. */
export function sortEntries<E extends readonly [string, unknown]>(entries: E[]): E[] {
  if (entries.length > few) return entries.sort((a, b) => compareText(a[0], b[0]));
  for (let next = 1; next < entries.length; next += 1) {
    const entry = entries[next] as E;
    let at = next;
    for (; at > 0; at -= 1) {
      const before = entries[at - 1] as E;
      if (compareText(before[0], entry[0]) <= 0) break;
      entries[at] = before;
    }
    entries[at] = entry;
  }
  return entries;
}

function isAscending(texts: Iterable<string>): boolean {
  let last: string | undefined;
  for (const text of texts) {
    if (last !== undefined && compareText(last, text) >= 0) return false;
    last = text;
  }
  return true;
}
