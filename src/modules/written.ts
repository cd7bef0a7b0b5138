/** Files that a compiler made, with a source map beside them: what they were made from. */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { resolve } from "node:path";
import type { Location } from "../base/index.ts";
import type { SourceFile } from "./position.ts";

/** A file as it was written, and a place in it. */
type Written = { readonly source: SourceFile; readonly location: Location };

const maps = new Map<string, SourceMap | undefined>();
/** What was found, by path: one for each file, which is parsed once then. */
const found = new Map<string, SourceFile>();

/** Find what the code at a place was written as; `undefined` where no map tells. */
export function writtenAs({ file, line, column }: Location): Written | undefined {
  if (file === undefined || line === undefined || column === undefined) return undefined;
  if (!maps.has(file)) maps.set(file, readMap(`${file}.map`));
  const map = maps.get(file);
  const entry = map?.findEntry(line - 1, column - 1);
  if (map === undefined || entry === undefined || !("originalSource" in entry)) return undefined;
  const { originalSource, originalLine, originalColumn } = entry;
  const path = resolve(file, "..", originalSource);
  return {
    source: sourceAt(path, map, originalSource),
    location: { file: path, line: originalLine + 1, column: originalColumn + 1 },
  };
}

function sourceAt(path: string, map: SourceMap, name: string): SourceFile {
  let source = found.get(path);
  if (source === undefined) {
    const { sources, sourcesContent } = map.payload;
    const text = sourcesContent?.[sources.indexOf(name)];
    source = { file: path, read: () => text ?? readFileSync(path, "utf8") };
    found.set(path, source);
  }
  return source;
}

function readMap(file: string): SourceMap | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return new SourceMap(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    // Not a map: what runs is all that can be shown.
    return undefined;
  }
}
