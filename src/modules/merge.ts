/** Merging: from the definitions of one place to its value, by its type. */
import { types } from "node:util";
import { type CleaveError, nearest } from "../base/index.ts";
import { type Definition, settle } from "./definition.ts";
import { passes } from "./forcing.ts";
import type { Place } from "./place.ts";
import { optionError, withArticle } from "./problem.ts";
import { Mismatch, Type } from "./types/type.ts";

/** What merging gives where every definition stands under a condition that does not hold. */
export const nothing: unique symbol = Symbol("nothing");

/** Settle definitions and merge them; {@link nothing} if none is left. Throws `option-type` and what the type throws. */
export function mergeDefinitions(
  place: Place | undefined,
  type: Type,
  definitions: readonly Definition[],
): unknown {
  const settled = settle(place, definitions);
  return settled.length === 0 ? nothing : mergeSettled(place, type, settled);
}

/** Merge definitions that are settled, at least one. */
export function mergeSettled(place: Place | undefined, type: Type, settled: readonly Definition[]): unknown {
  const only = settled[0];
  if (type.scalar !== undefined && settled.length === 1 && only !== undefined && type.scalar(only.value))
    return only.value;
  let value: unknown;
  try {
    value = type.merge(place, settled);
  } catch (error) {
    if (passes(error)) throw error;
    throw throwing(place, settled, error);
  }
  if (value instanceof Mismatch) throw typeError(place, type, value);
  return value;
}

/** Say that values cannot be looked at: a getter throws, or a proxy does. */
export function throwing(
  place: Place | undefined,
  definitions: readonly Definition[],
  cause: unknown,
): CleaveError {
  return optionError(
    "option-throws",
    place,
    (path) =>
      `${definitions.length > 1 ? "one of the definitions" : "the definition"} of ${path} throws when it is looked at:`,
    definitions,
    "the cause says what went wrong; give plain values, and put what has to be computed into thunks",
    cause,
  );
}

/** Say that definitions are not of a type. */
function typeError(place: Place | undefined, type: Type, mismatch: Mismatch): CleaveError {
  const detail = mismatch.detail === undefined ? "" : ` (${mismatch.detail})`;
  return optionError(
    "option-type",
    place,
    (path) => `the option ${path} takes ${withArticle(type.description)}${detail}, which this is not:`,
    mismatch.definitions,
    hintFor(mismatch.definitions[0]?.value, type),
  );
}

/** List the texts that a type takes alone, those of the types that it is made of too. */
function constantsOf({ name, parts }: Type): readonly string[] {
  if (name === "enum") return Array.isArray(parts) ? parts.filter((each) => typeof each === "string") : [];
  if (parts instanceof Type) return /^(nullOr|removable|unique)$/.test(name) ? constantsOf(parts) : [];
  return name === "either" && Array.isArray(parts)
    ? parts.flatMap((each) => (each instanceof Type ? constantsOf(each) : []))
    : [];
}

function hintFor(value: unknown, type: Type): string {
  if (types.isPromise(value))
    return "evaluation is synchronous: await what you need before the module is defined";
  if (typeof value === "function" || type.name === "functionTo")
    return "a function is a thunk, called once; wrap one that is meant as a value in mkValue";
  if (value === undefined) return "leave the definition out, or put it under mkIf";
  if (typeof value === "string") {
    const near = nearest(value, constantsOf(type));
    if (near.length > 0) return `did you mean ${near.join(" or ")}?`;
  }
  return "change the definition, or give the option another type";
}
