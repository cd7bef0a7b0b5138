/**
 * Reads the mappings of source maps: lines between `;`, segments between `,`, of numbers in base64 with a variable
 * length (least bits first, 5 to a digit, the sixth saying that more follow, the lowest of all being the sign).
 * Each is the difference to the one before: column, source, line in it, column in it, name.
 */

/** Translate a position, counted from 1, to one in the source. */
export type Mapping = (line: number, column: number) => { readonly line: number; readonly column: number };

type Segment = { readonly column: number; readonly line: number; readonly sourceColumn: number };

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Read mappings. What lies between two segments is taken to be as far from the first in both texts. */
export function mappingOf(mappings: string): Mapping {
  let sourceLine = 0;
  let sourceColumn = 0;
  const lines = mappings.split(";").map((text) => {
    let column = 0;
    return text
      .split(",")
      .filter((each) => each !== "")
      .map((each): Segment => {
        const [columns = 0, , lineDelta = 0, columnDelta = 0] = numbersOf(each);
        column += columns;
        sourceLine += lineDelta;
        sourceColumn += columnDelta;
        return { column, line: sourceLine, sourceColumn };
      });
  });
  return (line, column) => {
    const segments = lines[line - 1] ?? [];
    const found = segments.findLast((each) => each.column <= column - 1) ?? segments[0];
    if (found === undefined) return { line: 1, column: 1 };
    return { line: found.line + 1, column: found.sourceColumn + Math.max(0, column - 1 - found.column) + 1 };
  };
}

function numbersOf(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const digit of segment) {
    const bits = digits.indexOf(digit);
    value |= (bits & 31) << shift;
    shift += 5;
    if (bits >= 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
