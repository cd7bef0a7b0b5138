/**
 * Reads members of JSON by the shape that they must have. Whatever is wrong is `derivation-json` with the place.
 */
import { CleaveError, compareText, quote } from "../../base/index.ts";
import { type HashAlgorithm, parseHashAlgorithm } from "../hash.ts";
import { parseBaseName, parseStorePath, type StorePath } from "../store-path.ts";
import { isJsonRecord, type JsonRecord, type JsonValue } from "./json-text.ts";

/** The names of the members on the way to a value. */
export type Place = readonly string[];

/** Throw `derivation-json`: the value at a place is wrong. */
export function refuse(place: Place, message: string, cause?: unknown): never {
  throw new CleaveError({
    code: "derivation-json",
    message: `this JSON describes no derivation: ${place.length === 0 ? "the value" : quote(place.join("."))} ${message}`,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function expectObject(value: JsonValue | undefined, place: Place): JsonRecord {
  return isJsonRecord(value) ? value : refuse(place, `must be an object, not ${kind(value)}`);
}

/** Expect an object with these members and no other, the optional ones apart. */
export function expectMembers(
  value: JsonValue | undefined,
  place: Place,
  names: readonly string[],
  optional: readonly string[] = [],
): JsonRecord {
  const object = expectObject(value, place);
  for (const name of names) if (!Object.hasOwn(object, name)) refuse(place, `has no member ${quote(name)}`);
  for (const name of Object.keys(object))
    if (!names.includes(name) && !optional.includes(name))
      refuse(place, `has the member ${quote(name)}, which there is not`);
  return object;
}

export function expectString(value: JsonValue | undefined, place: Place): string {
  return typeof value === "string" ? value : refuse(place, `must be a string, not ${kind(value)}`);
}

export function expectStrings(value: JsonValue | undefined, place: Place): string[] {
  if (!Array.isArray(value)) return refuse(place, `must be an array, not ${kind(value)}`);
  return value.map((each, index) => expectString(each, [...place, String(index)]));
}

/** Expect an object whose values `read` takes; gives them in the order of their names' bytes. */
export function expectMap<T>(
  value: JsonValue | undefined,
  place: Place,
  read: (value: JsonValue | undefined, place: Place, name: string) => T,
): Map<string, T> {
  const object = expectObject(value, place);
  const names = Object.keys(object).sort(compareText);
  return new Map(names.map((name) => [name, read(object[name], [...place, name], name)]));
}

export function expectStorePath(value: JsonValue | undefined, place: Place): StorePath {
  const text = expectString(value, place);
  return expectThat(() => parseStorePath(text), place);
}

export function expectBaseName(value: JsonValue | undefined, place: Place): StorePath {
  const text = expectString(value, place);
  return expectThat(() => parseBaseName(text), place);
}

export function expectAlgorithm(value: JsonValue | undefined, place: Place): HashAlgorithm {
  const text = expectString(value, place);
  return expectThat(() => parseHashAlgorithm(text), place);
}

/** Run a parser of a format within the JSON; what it refuses is the cause of the error. */
export function expectThat<T>(parse: () => T, place: Place, message = "cannot be read"): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    return refuse(place, message, error);
  }
}

function kind(value: JsonValue | undefined): string {
  if (value === undefined) return "missing";
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "string" ? "a string" : isJsonRecord(value) ? "an object" : "a number";
}
