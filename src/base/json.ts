/**
 * Canonical JSON: the only JSON that reaches a derivation.
 *
 * Keys are ordered by bytes, there is no white space, text is valid UTF-8, numbers are integers within ±2^53.
 * So one value has one text, on every machine and in every language that will read it.
 */
import { CleaveError } from "./error.ts";
import { quote } from "./quote.ts";
import { compareText } from "./text.ts";

/** A value that canonical JSON can write. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deeper than any data that a person wrote, shallower than any reader's stack. */
const deepest = 500;

/**
 * Write a value as canonical JSON. Throws `json-not-canonical` with the path of what has no JSON: `undefined`,
 * functions, symbols, big integers, floats, lone surrogates, instances of classes, sparse arrays, cycles.
 */
export function writeJson(value: unknown): string {
  return write(value, [], new Set());
}

function write(value: unknown, path: readonly (string | number)[], above: Set<object>): string {
  switch (typeof value) {
    case "boolean":
      return value ? "true" : "false";
    case "string":
      if (!value.isWellFormed()) throw refusal(path, "a text with half of a surrogate pair");
      return JSON.stringify(value);
    case "number":
      if (!Number.isInteger(value)) throw refusal(path, `the number ${value}, which is no integer`);
      if (Math.abs(value) > 2 ** 53) throw refusal(path, `the integer ${value}, which is beyond 2^53`);
      return JSON.stringify(value);
    case "object":
      break;
    default:
      throw refusal(path, value === undefined ? "undefined" : `a ${typeof value}`);
  }
  if (value === null) return "null";
  if (above.has(value)) throw refusal(path, "a value that contains itself");
  if (path.length >= deepest) throw refusal(path.slice(0, 5), `a value nested more than ${deepest} deep`);
  above.add(value);
  const text = Array.isArray(value) ? writeList(value, path, above) : writeRecord(value, path, above);
  above.delete(value);
  return text;
}

function writeList(list: readonly unknown[], path: readonly (string | number)[], above: Set<object>): string {
  const parts: string[] = [];
  for (let index = 0; index < list.length; index += 1)
    parts.push(write(list[index], [...path, index], above));
  return `[${parts.join(",")}]`;
}

function writeRecord(record: object, path: readonly (string | number)[], above: Set<object>): string {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
    throw refusal(path, `an instance of ${record.constructor.name}`);
  if (Object.getOwnPropertySymbols(record).length > 0) throw refusal(path, "a record with a symbol as a key");
  const parts = Object.entries(record)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, value]) => `${write(key, [...path, key], above)}:${write(value, [...path, key], above)}`);
  return `{${parts.join(",")}}`;
}

function refusal(path: readonly (string | number)[], what: string): CleaveError {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : quote(part))).join(".");
  return new CleaveError({
    code: "json-not-canonical",
    message: `${place === "" ? "the value" : `the value at ${place}`} is ${what}, which has no canonical JSON`,
    hint: "data for a build is null, booleans, integers within ±2^53, text, lists and records of these; write a fraction as a text",
  });
}
