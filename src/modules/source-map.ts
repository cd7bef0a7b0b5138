/** Source maps of version 3 (ECMA-426): what a compiler says of where its output comes from. */
import { existsSync, readFileSync } from "node:fs";

export type SourceMap = {
  /** Paths from the folder of the map. */
  readonly sources: readonly string[];
  readonly sourcesContent: readonly (string | null)[];
  readonly mappings: string;
  /** For each line of the output where it begins in the mappings, and what the mapping before says: source, line, column. */
  readonly lines: Int32Array;
};

/** A place in a source, by its number; line and column count from 0. */
export type Mapping = { source: number; line: number; column: number };

/** Read a map; gives nothing where there is none. */
export function readSourceMap(file: string): SourceMap | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { sources, sourcesContent = [], mappings }: SourceMap = JSON.parse(readFileSync(file, "utf8"));
    return { sources, sourcesContent, mappings, lines: findLines(mappings) };
  } catch {
    // Not a map: what runs is all that can be shown.
    return undefined;
  }
}

const fieldsOfLine = 4;

/** Find where the lines begin. Node's `SourceMap` makes an object of each mapping, which takes ten times as long. */
function findLines(mappings: string): Int32Array {
  const lines = new Int32Array(mappings.split(";").length * fieldsOfLine);
  const last: Mapping = { source: 0, line: 0, column: 0 };
  let at = 0;
  for (let line = 0; at <= mappings.length; line += 1) {
    lines.set([at, last.source, last.line, last.column], line * fieldsOfLine);
    at = readLine(mappings, at, last) + 1;
  }
  return lines;
}

/** Find the last mapping of a line of the output that is not after a column; both count from 0. */
export function findMapping(
  { mappings, lines }: SourceMap,
  line: number,
  column: number,
): Mapping | undefined {
  const [at, ...before] = lines.subarray(line * fieldsOfLine, (line + 1) * fieldsOfLine);
  if (at === undefined) return undefined;
  const [source = 0, sourceLine = 0, sourceColumn = 0] = before;
  const last: Mapping = { source, line: sourceLine, column: sourceColumn };
  let found: Mapping | undefined;
  readLine(mappings, at, last, (from, hasSource) => {
    if (from <= column) found = hasSource ? { ...last } : undefined;
  });
  return found;
}

/**
 * Read the mappings of a line, keep what they say in `last`, and call `each` with the column from which each counts and
 * whether it has a source; gives where the line ends.
 *
 *     line    = [mapping *("," mapping)]
 *     mapping = column [source line column [name]]     the difference to the one before; the first column that to 0
 *
 * Numbers have five bits to a digit of base64, the lowest first; the sixth says that more follow, and the lowest of all is
 * the sign.
 */
function readLine(
  mappings: string,
  start: number,
  last: Mapping,
  each?: (from: number, hasSource: boolean) => void,
): number {
  let from = 0;
  let field = 0;
  let value = 0;
  let bits = 0;
  for (let at = start; ; at += 1) {
    const char = at < mappings.length ? mappings.charCodeAt(at) : semicolon;
    if (char === comma || char === semicolon) {
      if (field > 0) each?.(from, field > 3);
      if (char === semicolon) return at;
      field = 0;
      continue;
    }
    const digit = worth[char] ?? 0;
    value |= (digit & 31) << bits;
    bits += 5;
    if ((digit & 32) !== 0) continue;
    const number = (value & 1) === 1 ? -(value >> 1) : value >> 1;
    if (field === 0) from += number;
    else if (field === 1) last.source += number;
    else if (field === 2) last.line += number;
    else if (field === 3) last.column += number;
    field += 1;
    value = 0;
    bits = 0;
  }
}

const comma = 0x2c;
const semicolon = 0x3b;
const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const worth = new Uint8Array(128);
for (let value = 0; value < digits.length; value += 1) worth[digits.charCodeAt(value)] = value;
