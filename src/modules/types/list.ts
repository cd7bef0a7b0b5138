/** Lists. */
import type { Definition } from "../definition.ts";
import { mergeDefinitions, nothing } from "../merge.ts";
import type { Place } from "../place.ts";
import type { Definable } from "../property.ts";
import { misfits } from "./check.ts";
import { checkType, under, uniteElement } from "./element.ts";
import { phraseOf, Type } from "./type.ts";

export type ListDefinition<I> = readonly Definable<I>[];

/** A list; several definitions are put one after the other. */
export function listOf<V, I>(element: Type<V, I>): Type<readonly V[], ListDefinition<I>> {
  checkType(element, "listOf");
  return new Type({
    name: "listOf",
    description: `list of ${phraseOf(element, "noun", "composite")}`,
    phrase: "composite",
    constant: element.constant,
    merge: (place, definitions) =>
      misfits(definitions, Array.isArray) ?? mergeList(place, element, definitions),
    empty: () => emptyList,
    schema: () => ({ type: "array", items: element.schema() }),
    below: () => under(element, "*"),
    inside: () => element,
    unite: ({ parts }) => uniteElement(element, parts, listOf),
    parts: element,
  });
}

const emptyList: readonly unknown[] = Object.freeze([]);

/** Say whether all elements pass; a hole is one too. */
function isEvery(list: readonly unknown[], passes: (value: unknown) => boolean): boolean {
  for (let index = 0; index < list.length; index += 1) if (!passes(list[index])) return false;
  return true;
}

/** Copy a list; one of a class that extends Array becomes a plain one. */
function copyOf(list: readonly unknown[]): unknown[] {
  return Object.getPrototypeOf(list) === Array.prototype && !Object.hasOwn(list, "constructor")
    ? list.slice()
    : Array.from({ length: list.length }, (_, index) => list[index]);
}

function mergeList(
  place: Place | undefined,
  element: Type,
  definitions: readonly Definition[],
): readonly unknown[] {
  const only: unknown = definitions[0]?.value;
  const { scalar } = element;
  if (definitions.length === 1 && scalar !== undefined && Array.isArray(only)) {
    if (isEvery(only, scalar)) return Object.freeze(copyOf(only));
  }
  const list: unknown[] = [];
  for (let number = 0; number < definitions.length; number += 1) {
    const definition = definitions[number];
    const values: unknown = definition?.value;
    if (definition === undefined || !Array.isArray(values)) continue;
    for (let index = 0; index < values.length; index += 1) {
      const each: unknown = values[index];
      if (scalar?.(each) === true) {
        list.push(each);
        continue;
      }
      const name = definitions.length === 1 ? `[${index}]` : `[definition ${number + 1}-entry ${index + 1}]`;
      const item = mergeDefinitions({ parent: place, name }, element, [definition.with(each)]);
      if (item !== nothing) list.push(item);
    }
  }
  return Object.freeze(list);
}

/** A list with at least one element. */
export function nonEmptyListOf<V, I>(element: Type<V, I>): Type<readonly [V, ...V[]], ListDefinition<I>> {
  checkType(element, "nonEmptyListOf");
  return new Type({
    name: "nonEmptyListOf",
    description: `non-empty list of ${phraseOf(element, "noun", "composite")}`,
    phrase: "composite",
    constant: element.constant,
    merge: (place, definitions) =>
      misfits(definitions, (value) => Array.isArray(value) && value.length > 0) ??
      mergeList(place, element, definitions),
    schema: () => ({ type: "array", items: element.schema(), minItems: 1 }),
    below: () => under(element, "*"),
    inside: () => element,
    unite: ({ parts }) => uniteElement(element, parts, nonEmptyListOf),
    parts: element,
  });
}
