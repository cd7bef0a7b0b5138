/** Lists and attribute sets. */
import { compareText } from "../../base/index.ts";
import { Definition } from "../definition.ts";
import type { OldName } from "../evaluate.ts";
import { current, force, type Slots } from "../forcing.ts";
import { mergeDefinitions, nothing } from "../merge.ts";
import { namesOf, type Place } from "../place.ts";
import { describeSource, optionError } from "../problem.ts";
import type { Definable } from "../property.ts";
import { isRecord, misfits } from "./check.ts";
import { type Below, phraseOf, Type } from "./type.ts";

export type ListDefinition<I> = readonly Definable<I>[];
export type AttrsDefinition<I> = { readonly [name: string]: Definable<I> };
export type Attrs<V> = { readonly [name: string]: V };

/** A list; several definitions are put one after the other. */
export function listOf<V, I>(element: Type<V, I>): Type<readonly V[], ListDefinition<I>> {
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
    unite: ({ parts }) => uniteElement(element, parts, listOf),
    parts: element,
  });
}

const emptyList: readonly unknown[] = Object.freeze([]);

function mergeList(
  place: Place | undefined,
  element: Type,
  definitions: readonly Definition[],
): readonly unknown[] {
  const list: unknown[] = [];
  for (const [number, definition] of definitions.entries()) {
    const { value } = definition;
    if (!Array.isArray(value)) continue;
    for (let index = 0; index < value.length; index += 1) {
      const each: unknown = value[index];
      if (element.scalar?.(each) === true) {
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
    unite: ({ parts }) => uniteElement(element, parts, nonEmptyListOf),
    parts: element,
  });
}

export type AttrsFacts<V, I> = {
  readonly elemType: Type<V, I>;
  /** Compute each attribute when it is read; then one whose conditions do not hold is there, without a value. */
  readonly lazy?: boolean;
  /** What stands for the name in documentation. */
  readonly placeholder?: string;
};

/** An attribute set with values of one type; each attribute is merged by itself. Names are ordered by bytes. */
export function attrsOf<V, I>(elemType: Type<V, I>): Type<Attrs<V>, AttrsDefinition<I>> {
  return attrsWith({ elemType });
}

/** An attribute set whose attributes are computed one by one, when they are read. */
export function lazyAttrsOf<V, I>(elemType: Type<V, I>): Type<Attrs<V>, AttrsDefinition<I>> {
  return attrsWith({ elemType, lazy: true });
}

/** An attribute set: {@link attrsOf} or {@link lazyAttrsOf}, with a name for its placeholder. */
export function attrsWith<V, I>(facts: AttrsFacts<V, I>): Type<Attrs<V>, AttrsDefinition<I>> {
  const { elemType: element, lazy = false, placeholder = "name" } = facts;
  return new Type({
    name: lazy ? "lazyAttrsOf" : "attrsOf",
    description: `${lazy ? "lazy attribute set" : "attribute set"} of ${phraseOf(element, "noun", "composite")}`,
    phrase: "composite",
    constant: element.constant && !lazy,
    merge: (place, definitions) =>
      misfits(definitions, isRecord) ?? (lazy ? mergeLazily : mergeAttrs)(place, element, definitions),
    empty: () => emptyAttrs,
    schema: () => ({ type: "object", additionalProperties: element.schema() }),
    below: () => under(element, `<${placeholder}>`),
    unite: ({ parts }) => {
      if (!isAttrsParts(parts)) return undefined;
      const { elemType, placeholder: theirs = "name" } = parts;
      const name = placeholder === "name" ? theirs : theirs === "name" ? placeholder : undefined;
      const common = name ?? (theirs === placeholder ? theirs : undefined);
      const united = element.unite(elemType);
      if (united === undefined || common === undefined) return undefined;
      return attrsWith({ elemType: united, lazy, placeholder: common });
    },
    parts: facts,
  });
}

/** The type of the attributes of an attribute set's type, or of the elements of a list's. */
export function elementOf({ parts }: Type): Type | undefined {
  if (parts instanceof Type) return parts;
  return isAttrsParts(parts) ? parts.elemType : undefined;
}

function isAttrsParts(parts: unknown): parts is AttrsFacts<unknown, unknown> {
  return isRecord(parts) && parts["elemType"] instanceof Type;
}

const emptyAttrs: Attrs<unknown> = Object.freeze({});

/** Collect the definitions of each attribute. Throws `option-name` for `__proto__`. */
function byName(place: Place | undefined, definitions: readonly Definition[]): [string, Definition[]][] {
  const found = new Map<string, Definition[]>();
  for (const definition of definitions) {
    const record = definition.value;
    if (!isRecord(record)) continue;
    for (const name of Object.keys(record)) {
      if (name === "__proto__") throw nameError(place, definition);
      const each = definition.with(record[name]);
      const others = found.get(name);
      if (others === undefined) found.set(name, [each]);
      else others.push(each);
    }
  }
  const all = [...found];
  for (let index = 1; index < all.length; index += 1)
    if (compareText(all[index - 1]?.[0] ?? "", all[index]?.[0] ?? "") > 0)
      return all.sort(([a], [b]) => compareText(a, b));
  return all;
}

function nameError(place: Place | undefined, definition: Definition): Error {
  return optionError(
    "option-name",
    place,
    (path) => `the option ${path} is given an attribute named __proto__, which no record can hold safely:`,
    [definition],
    "choose another name",
  );
}

function mergeAttrs(
  place: Place | undefined,
  element: Type,
  definitions: readonly Definition[],
): Attrs<unknown> {
  const attrs: Record<string, unknown> = {};
  for (const [name, each] of byName(place, definitions)) {
    const only = each[0]?.value;
    if (each.length === 1 && element.scalar?.(only) === true) {
      attrs[name] = only;
      continue;
    }
    const value = mergeDefinitions({ parent: place, name }, element, each);
    if (value !== nothing) attrs[name] = value;
  }
  return Object.freeze(attrs);
}

/** The attributes of a lazy set: a slot each. */
class LazyAttrs implements Slots {
  readonly values: unknown[] = [];
  readonly pending: unknown[] = [];
  readonly oldNames: OldName[] = current()?.oldNames ?? [];
  readonly #place: Place | undefined;
  readonly #element: Type;
  readonly #names: string[] = [];

  constructor(place: Place | undefined, element: Type, all: readonly [string, Definition[]][]) {
    this.#place = place;
    this.#element = element;
    for (const [name, definitions] of all) {
      this.#names.push(name);
      this.values.push(undefined);
      this.pending.push(definitions);
    }
  }

  #placeOf(index: number): Place {
    return { parent: this.#place, name: this.#names[index] ?? "" };
  }

  compute(index: number, pending: unknown): unknown {
    const place = this.#placeOf(index);
    const definitions = asDefinitions(pending);
    const value = mergeDefinitions(place, this.#element, definitions);
    if (value !== nothing) return value;
    if (this.#element.empty !== undefined) return this.#element.empty(place);
    throw optionError(
      "option-undefined",
      place,
      (path) => `the attribute ${path} is read, but its definitions stand under conditions that do not hold:`,
      definitions,
      "ask for it only under the same condition, or give it a default",
    );
  }

  pathOf(index: number): readonly string[] {
    return namesOf(this.#placeOf(index));
  }

  whereOf(index: number, pending: unknown): string {
    const first = asDefinitions(pending)[0];
    return first === undefined ? "nowhere" : `defined by ${describeSource(first, this.#placeOf(index))}`;
  }
}

function asDefinitions(pending: unknown): readonly Definition[] {
  return Array.isArray(pending) ? pending.filter((each) => each instanceof Definition) : [];
}

function mergeLazily(
  place: Place | undefined,
  element: Type,
  definitions: readonly Definition[],
): Attrs<unknown> {
  const all = byName(place, definitions);
  const slots = new LazyAttrs(place, element, all);
  const attrs: Record<string, unknown> = {};
  for (const [index, [name]] of all.entries())
    Object.defineProperty(attrs, name, { enumerable: true, get: () => force(slots, index) });
  return Object.freeze(attrs);
}

/** The options below an element type, under the name that stands for any. */
export function under(element: Type, name: string): readonly Below[] {
  return (element.below?.() ?? []).map((each) => ({ ...each, path: [name, ...each.path] }));
}

/** Unite a type of one part with another of the same name. */
export function uniteElement(element: Type, other: unknown, make: (element: Type) => Type): Type | undefined {
  if (!(other instanceof Type)) return undefined;
  const united = element.unite(other);
  return united === undefined ? undefined : make(united);
}
