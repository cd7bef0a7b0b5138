/**
 * The places of a bundle in the sources as written, by the source map that its last line may carry:
 *
 *     //# sourceMappingURL=data:application/json;base64,<source map, version 3>
 */

/** A place in a source; line and column count from 1. */
export type Place = { readonly source: string; readonly line: number; readonly column: number };

type Segment = {
  readonly column: number;
  readonly source: number;
  readonly line: number;
  readonly sourceColumn: number;
};

/** The mapping of one bundle: what {@link readSourceMap} makes. */
export type SourceMap = {
  readonly sources: readonly string[];
  readonly lines: readonly (readonly Segment[])[];
};

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Read the source map of a bundle's text; `undefined` where it carries none. */
export function readSourceMap(bundle: string): SourceMap | undefined {
  const marker = "//# sourceMappingURL=data:application/json;base64,";
  const start = bundle.lastIndexOf(marker);
  if (start < 0) return undefined;
  const { sources, mappings } = JSON.parse(decodeBase64(bundle.slice(start + marker.length).trim()));
  return { sources, lines: decodeMappings(mappings) };
}

/** Find the source of a place in the bundle; both count from 1. */
export function findPlace(map: SourceMap, line: number, column: number): Place | undefined {
  const segment = map.lines[line - 1]?.findLast((each) => each.column <= column - 1);
  const source = segment && map.sources[segment.source];
  if (segment === undefined || source === undefined) return undefined;
  return { source, line: segment.line + 1, column: segment.sourceColumn + 1 };
}

/** Write a stack trace with the places of the sources instead of those in the bundle `file`. */
export function mapStack(stack: string, file: string, map: SourceMap | undefined): string {
  if (map === undefined) return stack;
  return stack.replace(/([^\s(]+):(\d+):(\d+)/g, (whole, name, line, column) => {
    const place = name === file ? findPlace(map, Number(line), Number(column)) : undefined;
    return place === undefined ? whole : `${place.source}:${place.line}:${place.column}`;
  });
}

/** Read `mappings`: lines end with ";", segments with ",", each number is the difference to the one before. */
function decodeMappings(mappings: string): Segment[][] {
  let [source, line, sourceColumn] = [0, 0, 0];
  return mappings.split(";").map((text) => {
    let column = 0;
    const segments: Segment[] = [];
    for (const part of text === "" ? [] : text.split(",")) {
      const [columns, sources, lines, sourceColumns] = decodeNumbers(part);
      column += columns ?? 0;
      if (sources === undefined) continue;
      source += sources;
      line += lines ?? 0;
      sourceColumn += sourceColumns ?? 0;
      segments.push({ column, source, line, sourceColumn });
    }
    return segments;
  });
}

/** Read numbers of digits of 5 bits, lowest first; bit 6 says that more follow, the lowest bit of all is the sign. */
function decodeNumbers(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const letter of text) {
    const digit = digits.indexOf(letter);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

function decodeBase64(text: string): string {
  let raw = "";
  let bits = 0;
  let length = 0;
  for (const letter of text) {
    if (letter === "=") break;
    bits = ((bits << 6) | digits.indexOf(letter)) & 0xffff;
    length += 6;
    if (length < 8) continue;
    length -= 8;
    raw += String.fromCharCode((bits >> length) & 0xff);
  }
  return decodeURIComponent(
    raw.replace(/[%\x80-\xff]/g, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`),
  );
}
