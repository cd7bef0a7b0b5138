/**
 * JSON (RFC 8259) as `nix derivation show` writes it, read without loss.
 *
 * Read: UTF-8 without a byte order mark, no member twice in one object, no half of a surrogate pair, at most
 * {@link deepestJson} levels. Numbers are kept as they are written if they are no integers within ±(2^53 - 1).
 *
 * Written: members ordered by the bytes of their names, unless a map says otherwise; strings escaped as
 * `JSON.stringify` does, which is how current Nix does it. What goes into a derivation is written by `writeJson` of
 * `src/base/json.ts` instead, which knows neither floats nor large numbers.
 */
import { Buffer, isUtf8 } from "node:buffer";
import { CleaveError, compareText, decodeText, encodeText, quote } from "../../base/index.ts";

/** A JSON value. */
export type JsonValue = null | boolean | number | string | Numeral | readonly JsonValue[] | JsonRecord;

/** A JSON object; those that {@link parseJson} makes have no prototype. */
export type JsonRecord = { readonly [name: string]: JsonValue };

/** A number that was read and is no integer within ±(2^53 - 1): its source text, to be written as it stands. */
export class Numeral {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** How deep arrays and objects may nest. */
const deepestJson = 1000;

/** Tell whether a JSON value is an object. */
export function isJsonRecord(value: JsonValue | undefined): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Numeral);
}

/** Read JSON from UTF-8 or from a text. Throws `json-syntax` with the offset in bytes. */
export function parseJson(source: Uint8Array | string): JsonValue {
  const bytes = typeof source === "string" ? encodeText(source) : source;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One character per byte, so that indices are offsets.
  const text = buffer.toString("latin1");
  const wide = !isUtf8(buffer) || /[\x80-\xff]/.test(text);
  let at = 0;

  const fail = (message: string, offset = at): never => {
    throw new CleaveError({
      code: "json-syntax",
      message: `this is no JSON: ${message}`,
      location: { offset },
    });
  };
  const found = () =>
    at >= text.length
      ? "the end"
      : quote(String.fromCharCode(text.charCodeAt(at)).replace(/[^ -~]/, "\ufffd"));
  const space = () => {
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      at += 1;
    }
  };
  const take = (char: string): boolean => {
    space();
    if (text[at] !== char) return false;
    at += 1;
    return true;
  };

  const string = (): string => {
    const start = at;
    at += 1;
    const from = at;
    let escaped = false;
    for (;;) {
      const unit = text.charCodeAt(at);
      if (unit === 0x22) break;
      if (unit === 0x5c) {
        escaped = true;
        at += 1;
      } else if (unit < 0x20) fail("a control character in a string must be escaped");
      if (at >= text.length) fail("a string does not close", start);
      at += 1;
    }
    const raw = text.slice(from, at);
    at += 1;
    let value = raw;
    if (wide && /[\x80-\xff]/.test(raw)) {
      value = decodeText(Buffer.from(raw, "latin1"));
      if (!value.isWellFormed()) fail("a string is not UTF-8", start);
    }
    if (escaped)
      value = value.replace(
        /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt])|)/g,
        (_match, hex?: string, simple?: string) => {
          if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
          if (simple === undefined) fail("a string has an escape that JSON does not know", start);
          return simpleEscapes[simple ?? ""] ?? "";
        },
      );
    if (escaped && !value.isWellFormed()) fail("a string has half of a surrogate pair", start);
    return value;
  };

  const numeral = (): JsonValue => {
    const pattern = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return fail(`a value cannot begin with ${found()}`);
    at = pattern.lastIndex;
    const number = Number(match[0]);
    const whole = match[1] === undefined && match[2] === undefined && match[0] !== "-0";
    return whole && Number.isSafeInteger(number) ? number : new Numeral(match[0]);
  };

  const word = (name: string, value: JsonValue): JsonValue => {
    if (!text.startsWith(name, at)) fail(`a value cannot begin with ${found()}`);
    at += name.length;
    return value;
  };

  const value = (depth: number): JsonValue => {
    if (depth > deepestJson) fail(`it nests more than ${deepestJson} deep`);
    space();
    switch (text[at]) {
      case "{": {
        at += 1;
        const object: Record<string, JsonValue> = Object.create(null);
        if (take("}")) return object;
        do {
          space();
          const start = at;
          if (text[at] !== '"') fail(`the name of a member must be a string, not ${found()}`);
          const name = string();
          if (Object.hasOwn(object, name)) fail(`an object has the member ${quote(name)} twice`, start);
          if (!take(":")) fail(`a colon must follow the name of a member, not ${found()}`);
          object[name] = value(depth + 1);
        } while (take(","));
        if (!take("}")) fail(`a comma or } must follow a member, not ${found()}`);
        return object;
      }
      case "[": {
        at += 1;
        const array: JsonValue[] = [];
        if (take("]")) return array;
        do array.push(value(depth + 1));
        while (take(","));
        if (!take("]")) fail(`a comma or ] must follow an element, not ${found()}`);
        return array;
      }
      case '"':
        return string();
      case "t":
        return word("true", true);
      case "f":
        return word("false", false);
      case "n":
        return word("null", null);
      default:
        return numeral();
    }
  };

  const root = value(1);
  space();
  if (at < text.length) fail(`the value is over, but ${found()} follows`);
  return root;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** What {@link formatJson} writes: a JSON value, in which a map is an object whose members keep their order. */
export type Writable =
  | JsonValue
  | readonly Writable[]
  | ReadonlyMap<string, Writable>
  | { readonly [name: string]: Writable };

type Format = {
  /** Spaces per level; 0 writes one line without any space. */
  readonly indent?: number;
  /** Write a string that is valid UTF-8, quotes included. */
  readonly string?: (text: string) => string;
};

/** Write JSON. Throws `derivation-not-json` with the path of text that is not UTF-8, or too deep. */
export function formatJson(root: Writable, { indent = 0, string = JSON.stringify }: Format = {}): string {
  const path: (string | number)[] = [];
  const colon = indent > 0 ? ": " : ":";

  const fail = (message: string): never => {
    const place = path.length > 8 ? [...path.slice(0, 4), "…", ...path.slice(-3)] : path;
    throw new CleaveError({
      code: "derivation-not-json",
      message: `${quote(place.join("."))} cannot be said in JSON: ${message}`,
    });
  };
  const text = (value: string): string =>
    value.isWellFormed() ? string(value) : fail(`${quote(value)} has bytes that are not UTF-8`);

  const list = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0) return open + close;
    if (indent === 0) return open + parts.join(",") + close;
    const line = `\n${" ".repeat(indent * path.length)}`;
    const inner = line + " ".repeat(indent);
    return open + inner + parts.join(`,${inner}`) + line + close;
  };

  const write = (value: Writable): string => {
    if (typeof value === "string") return text(value);
    if (value instanceof Numeral) return value.source;
    if (typeof value !== "object" || value === null) return String(value);
    if (path.length >= deepestJson) fail(`it nests more than ${deepestJson} deep`);
    const under = (name: string | number, child: Writable): string => {
      path.push(name);
      const written = write(child);
      path.pop();
      return written;
    };
    if (Array.isArray(value))
      return list(
        "[",
        value.map((each, index) => under(index, each)),
        "]",
      );
    const members: Iterable<readonly [string, Writable]> =
      value instanceof Map
        ? value
        : Object.entries(value as JsonRecord).sort(([a], [b]) => compareText(a, b));
    const parts: string[] = [];
    for (const [name, child] of members) parts.push(text(name) + colon + under(name, child));
    return list("{", parts, "}");
  };
  return write(root);
}
