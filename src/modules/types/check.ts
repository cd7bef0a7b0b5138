/** What types share: telling values apart, comparing them, refusing several definitions. */
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
