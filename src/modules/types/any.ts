/** Types that say little about a value: raw, anything, JSON, functions, packages. */
import { types } from "node:util";
import type { CleaveError } from "../../base/index.ts";
import { type Definition, run } from "../definition.ts";
import { mergeDefinitions, nothing } from "../merge.ts";
import { type Place, showPlace } from "../place.ts";
import { optionError } from "../problem.ts";
import { Property, type ValueOf } from "../property.ts";
import { attrsOf, nameError } from "./attrs.ts";
import { conflict, frozenCopy, isRecord, mergeEqual, mergeOne, misfits } from "./check.ts";
import { checkType, under, uniteElement } from "./element.ts";
import { listOf } from "./list.ts";
import { storePath } from "./path.ts";
import { scalar } from "./scalar.ts";
import { phraseOf, Type } from "./type.ts";

/** Say whether it is one that stands for itself: no thunk, and without properties. */
const isItself = (value: unknown): boolean =>
  isValue(value) &&
  typeof value !== "function" &&
  (typeof value !== "object" || value === null || !Property.is(value));

const isValue = (value: unknown): boolean => value !== undefined && !types.isPromise(value);

/** Any value, unchecked and unmerged: an option takes one definition. */
export const raw: Type<unknown, unknown> = rawOf();

/** {@link raw} with the type of its values as TypeScript knows it, which nothing checks at run time. */
export function rawOf<V>(
  description = "raw value",
): Type<V, V extends (...args: never) => unknown ? ValueOf<V> : V> {
  return new Type({
    name: "raw",
    description,
    phrase: "noun",
    scalar: isItself,
    constant: false,
    merge: (place, definitions) => misfits(definitions, isValue) ?? mergeOne(place, definitions),
    schema: () => ({}),
    unite: (other) => other,
  });
}

/** How deep records and lists of `anything` and `json` may nest. */
const deepest = 200;

/** Any value; records are merged attribute by attribute, functions by what they return, the rest must be equal. */
export const anything: Type<unknown, unknown> = new Type({
  name: "anything",
  description: "anything",
  phrase: "noun",
  merge: (place, definitions) => misfits(definitions, isValue) ?? mergeAnything(place, definitions),
  inside: () => anything,
  schema: () => ({}),
});

function mergeAnything(place: Place | undefined, definitions: readonly Definition[]): unknown {
  checkDepth(place, definitions);
  if (definitions.every(({ value }) => isRecord(value))) return attrsOf(anything).merge(place, definitions);
  if (definitions.every(({ value }) => typeof value === "function"))
    return functionTo(anything).merge(place, definitions);
  if (definitions.every(({ value }) => Array.isArray(value)))
    return mergeEqual(
      place,
      definitions.map((each) =>
        each.with(
          frozenCopy(each.value, (_, why) => {
            throw why === "name" ? nameError(place, each) : tooDeep(place, definitions);
          }),
        ),
      ),
    );
  if (definitions.length === 1) return definitions[0]?.value;
  if (new Set(definitions.map(({ value }) => kindOf(value))).size > 1) throw conflict(place, definitions);
  return mergeEqual(place, definitions);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "list" : isRecord(value) ? "record" : value === null ? "null" : typeof value;
}

function checkDepth(place: Place | undefined, definitions: readonly Definition[]): void {
  let depth = 0;
  for (let each = place; each !== undefined; each = each.parent) depth += 1;
  if (depth > deepest) throw tooDeep(place, definitions);
}

function tooDeep(place: Place | undefined, definitions: readonly Definition[]): CleaveError {
  const path = showPlace(place);
  const short = path.length > 60 ? `${path.slice(0, 60)}...` : path;
  return optionError(
    "option-type",
    undefined,
    () => `the value at ${short} nests more than ${deepest} deep, or holds itself:`,
    definitions.slice(0, 1),
    "give it a value without cycles",
  );
}

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A JSON value. Records are merged by attribute, lists are put one after the other, the rest must be equal. */
export const json: Type<Json, Json> = new Type({
  name: "json",
  description: "JSON value",
  phrase: "noun",
  scalar: isPrimitive,
  merge: (place, definitions) => {
    checkDepth(place, definitions);
    const values = definitions.map(({ value }) => value);
    if (values.every(isRecord)) return attrsOf(json).merge(place, definitions);
    if (values.every(Array.isArray)) return listOf(json).merge(place, definitions);
    const wrong = misfits(
      definitions,
      (value) => isPrimitive(value) || isRecord(value) || Array.isArray(value),
    );
    if (wrong !== undefined) return wrong;
    return mergeEqual(place, definitions);
  },
  inside: () => json,
  schema: () => ({}),
});

function isPrimitive(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

/** A package: a record with an `outPath`, as a derivation has, or the text of a store path. */
export const anyPackage: Type<unknown, unknown> = scalar({
  name: "package",
  description: "package",
  check: (value) =>
    (typeof value === "object" && value !== null && "outPath" in value) || storePath.scalar?.(value) === true,
  merge: mergeOne,
  schema: { anyOf: [{ type: "object", required: ["outPath"] }, storePath.schema()] },
});

/** A function; the results of several definitions are merged for each call. Wrap definitions in `mkValue`. */
export function functionTo<V, I>(
  result: Type<V, I>,
): Type<(...args: unknown[]) => V, ValueOf<(...args: never[]) => I>> {
  checkType(result, "functionTo");
  const isFunction = (value: unknown): boolean => typeof value === "function";
  return new Type({
    name: "functionTo",
    description: `function that evaluates to a(n) ${phraseOf(result, "noun", "composite")}`,
    phrase: "composite",
    constant: false,
    merge: (place, definitions) =>
      misfits(definitions, isFunction) ??
      ((...args: unknown[]): unknown => {
        const at = { parent: place, name: "<function body>" };
        const value = mergeDefinitions(
          at,
          result,
          definitions.map((each) => {
            const body = each.value as (...args: unknown[]) => unknown;
            return each.with(run(at, each, "a definition of", () => body(...args)));
          }),
        );
        if (value !== nothing) return value;
        if (result.empty !== undefined) return result.empty(at);
        throw optionError(
          "option-undefined",
          at,
          (path) => `${path} is asked for, but its definitions stand under conditions that do not hold:`,
          definitions,
          "let one definition hold without a condition",
        );
      }),
    schema: () => ({}),
    below: () => under(result, "<function body>"),
    unite: ({ parts }) => uniteElement(result, parts, functionTo),
    parts: result,
  });
}
