/** What types share: telling values apart, comparing them, refusing several definitions. */
import { types } from "node:util";
import type { Definition } from "../definition.ts";
import type { Place } from "../place.ts";
import { optionError } from "../problem.ts";
import { Mismatch } from "./type.ts";

/** Say whether a value is a plain record: no array, no instance of a class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // A plain record of another realm, such as a compartment's.
  return (
    typeof prototype === "object" &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, "hasOwnProperty")
  );
}

/**
 * Copy plain lists and records, frozen, at any depth; all else stays itself, what computes its values among it:
 * configurations, and records with getters. What holds itself, or an attribute named `__proto__`, is left to `refuse`.
 */
export function frozenCopy(
  value: unknown,
  refuse: (value: object, why: "circular" | "name") => unknown = (each) => each,
  copies = new Map<object, unknown>(),
): unknown {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return value;
  const isList = Array.isArray(value);
  if (!isList && !isRecord(value)) return value;
  if (hasGetters(value)) return value;
  if (copies.has(value)) return copies.get(value) ?? refuse(value, "circular");
  if (Object.hasOwn(value, "__proto__")) return refuse(value, "name");
  copies.set(value, undefined);
  const copy = (each: unknown): unknown => frozenCopy(each, refuse, copies);
  const copied = Object.freeze(
    isList
      ? Array.from(value, copy)
      : Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copy(each)])),
  );
  copies.set(value, copied);
  return copied;
}

function hasGetters(value: object): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(value)).some(({ get }) => get !== undefined);
}

/** Freeze plain lists and records in place, at any depth; all else stays as it is. */
export function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || types.isProxy(value))
    return value;
  if (!Array.isArray(value) && !isRecord(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(Object.getOwnPropertyDescriptors(value))) freeze(each.value);
  return value;
}

/** Say whether nobody can change a value, whoever holds it: a primitive, or frozen lists and records of such. */
export function isUnchangeable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (!Object.isFrozen(value) || !(Array.isArray(value) || isRecord(value))) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (each) => "value" in each && isUnchangeable(each.value),
  );
}

/** Find the definitions whose value does not pass; `undefined` if all do. */
export function misfits(
  definitions: readonly Definition[],
  passes: (value: unknown) => boolean,
): Mismatch | undefined {
  for (const each of definitions)
    if (!passes(each.value)) return new Mismatch(definitions.filter(({ value }) => !passes(value)));
  return undefined;
}

/** Compare by contents: primitives, arrays, plain records. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, index) => isEqual(each, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
  );
}

/** Get the value that all definitions share. Throws `option-conflict` where they differ. */
export function mergeEqual(place: Place | undefined, definitions: readonly Definition[]): unknown {
  const first = definitions[0]?.value;
  for (const each of definitions) if (!isEqual(each.value, first)) throw conflict(place, definitions);
  return first;
}

/** Get the value of the only definition. Throws `option-conflict` where there are several. */
export function mergeOne(place: Place | undefined, definitions: readonly Definition[], why = ""): unknown {
  if (definitions.length > 1)
    throw optionError(
      "option-conflict",
      place,
      (path) => `the option ${path} takes one definition and has ${definitions.length}${why}:`,
      definitions,
      "keep one of them, or give one a priority with mkForce or mkDefault",
    );
  return definitions[0]?.value;
}

export function conflict(place: Place | undefined, definitions: readonly Definition[]): Error {
  return optionError(
    "option-conflict",
    place,
    (path) => `the option ${path} has definitions that contradict each other:`,
    definitions,
    "keep one of them, or give one a priority with mkForce or mkDefault",
  );
}
