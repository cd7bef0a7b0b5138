/**
 * Structured attributes as a builder gets them: `.attrs.json`, and `.attrs.sh` with the same for bash.
 *
 * The object is the derivation's, with `outputs` (path by name) added, and with the closures themselves where
 * `exportReferencesGraph` names paths. In `.attrs.sh` a member whose name is one of a shell variable becomes
 *
 *     declare NAME='text'            texts, integers, null (''), true (1), false (nothing)
 *     declare -a NAME=('a' 'b' )     lists of these
 *     declare -A NAME=(['k']='v' )   objects of these
 *
 * and every other member is left out: fractions, deeper nesting, other names.
 *
 * Numbers are what Nix makes of them when it reads and writes them: in JSON those that are no integers of 64 bits are doubles, with
 * a point; for bash an integer has 32 bits, the lowest, and 1.0 is one.
 */
import { compareText } from "../base/index.ts";
import {
  formatJson,
  isJsonRecord,
  type JsonRecord,
  type JsonValue,
  Numeral,
} from "../nix/derivation/json-text.ts";
import { type Graphs, graphAttrs } from "./references-graph.ts";

/** Add to structured attributes what only a build knows: the paths of the outputs by name, and closures. */
export function completeAttrs(
  attrs: JsonRecord,
  outputs: ReadonlyMap<string, string>,
  graphs: Graphs,
): JsonRecord {
  const complete = withNumbers(attrs);
  for (const [name, nodes] of graphs) complete[name] = graphAttrs(nodes);
  complete["outputs"] = Object.fromEntries(outputs);
  return complete;
}

/** Write numbers as Nix would. */
function withNumbers(record: JsonRecord): Record<string, JsonValue> {
  const written: Record<string, JsonValue> = Object.create(null);
  for (const [name, value] of Object.entries(record)) written[name] = withNumber(value);
  return written;
}

function withNumber(value: JsonValue): JsonValue {
  if (value instanceof Numeral) return new Numeral(writeNumber(value.source));
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(withNumber);
  return isJsonRecord(value) ? withNumbers(value) : value;
}

function writeNumber(source: string): string {
  const integer = readInteger(source);
  if (integer !== undefined) return String(integer);
  const [, sign = "", first = "", rest = "", power = ""] =
    /^(-?)(\d)(?:\.(\d+))?e(.*)$/.exec(Number(source).toExponential()) ?? [];
  const digits = first + rest;
  const point = Number(power) + 1;
  if (point > 15 || point <= -4)
    return `${sign}${first}${rest === "" ? "" : `.${rest}`}e${point < 1 ? "-" : "+"}${String(Math.abs(point - 1)).padStart(2, "0")}`;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point) || "0"}`;
}

/** Read an integer of 64 bits, with a sign or without; `undefined` for any other number. */
function readInteger(source: string): bigint | undefined {
  if (!/^-?\d+$/.test(source)) return undefined;
  const integer = BigInt(source);
  return integer >= -(2n ** 63n) && integer < 2n ** 64n ? integer : undefined;
}

/** Write `.attrs.json`: members ordered by bytes, no white space. */
export function formatAttrsJson(attrs: JsonRecord): string {
  return formatJson(attrs);
}

/** Write `.attrs.sh`. */
export function formatAttrsShell(attrs: JsonRecord): string {
  let text = "";
  for (const [name, value] of membersOf(attrs)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    const simple = formatSimple(value);
    if (simple !== undefined) text += `declare ${name}=${simple}\n`;
    else if (Array.isArray(value)) {
      const items = (value as readonly JsonValue[]).map(formatSimple);
      if (!items.includes(undefined))
        text += `declare -a ${name}=(${items.map((item) => `${item} `).join("")})\n`;
    } else if (isJsonRecord(value)) {
      const items = membersOf(value).map(([key, each]) => [quoteShell(key), formatSimple(each)]);
      if (items.every(([, item]) => item !== undefined))
        text += `declare -A ${name}=(${items.map(([key, item]) => `[${key}]=${item} `).join("")})\n`;
    }
  }
  return text;
}

/** Write what bash takes as one word; `undefined` for what it does not. */
function formatSimple(value: JsonValue): string | undefined {
  switch (typeof value) {
    case "string":
      return quoteShell(value);
    case "number":
      return String(value | 0);
    case "boolean":
      return value ? "1" : "";
    case "object":
      if (value === null) return "''";
      return value instanceof Numeral ? formatNumeral(value) : undefined;
  }
}

function formatNumeral({ source }: Numeral): string | undefined {
  const integer = readInteger(source);
  if (integer !== undefined) return String(BigInt.asIntN(32, integer));
  const number = Number(source);
  if (!Number.isInteger(Math.fround(number))) return undefined;
  // What has no place in 32 bits becomes the lowest of their numbers.
  const whole = Math.trunc(number);
  return String(Math.abs(whole) < 2 ** 31 ? whole : -(2 ** 31));
}

function membersOf(record: JsonRecord): (readonly [string, JsonValue])[] {
  return Object.entries(record).sort(([a], [b]) => compareText(a, b));
}

function quoteShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
