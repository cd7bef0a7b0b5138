/** Files that a compiler made, with a source map beside them: what they were made from. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Location } from "../base/index.ts";
import type { SourceFile } from "./position.ts";
import { findMapping, readSourceMap, type SourceMap } from "./source-map.ts";

/** A file as it was written, and a place in it. */
type Written = { readonly source: SourceFile; readonly location: Location };

const maps = new Map<string, SourceMap | undefined>();
/** What was found, by path: one for each file, which is parsed once then. */
const found = new Map<string, SourceFile>();

/** Find what the code at a place was written as; `undefined` where no map tells. */
export function writtenAs({ file, line, column }: Location): Written | undefined {
  if (file === undefined || line === undefined || column === undefined) return undefined;
  if (!maps.has(file)) maps.set(file, readSourceMap(`${file}.map`));
  const map = maps.get(file);
  const mapping = map === undefined ? undefined : findMapping(map, line - 1, column - 1);
  const name = mapping === undefined ? undefined : map?.sources[mapping.source];
  if (map === undefined || mapping === undefined || name === undefined) return undefined;
  const path = resolve(file, "..", name);
  return {
    source: sourceAt(path, map.sourcesContent[mapping.source]),
    location: { file: path, line: mapping.line + 1, column: mapping.column + 1 },
  };
}

function sourceAt(path: string, text: string | null | undefined): SourceFile {
  let source = found.get(path);
  if (source === undefined) {
    source = { file: path, read: () => text ?? readFileSync(path, "utf8") };
    found.set(path, source);
  }
  return source;
}
