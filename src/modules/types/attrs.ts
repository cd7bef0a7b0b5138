/** Attribute sets. */
import { compareText } from "../../base/index.ts";
import { Definition } from "../definition.ts";
import type { Evaluation } from "../evaluate.ts";
import { current, force, type Slots } from "../forcing.ts";
import { mergeDefinitions, nothing } from "../merge.ts";
import { namesOf, type Place } from "../place.ts";
import { describeSource, describeValue, optionError } from "../problem.ts";
import type { Definable } from "../property.ts";
import { isRecord, misfits } from "./check.ts";
import { checkNames, checkType, refuseParts, under } from "./element.ts";
import { phraseOf, Type } from "./type.ts";

export type AttrsDefinition<I> = { readonly [name: string]: Definable<I> };
export type Attrs<V> = { readonly [name: string]: V };

export type AttrsFacts<V, I> = {
  readonly elemType: Type<V, I>;
  /** Compute each attribute when it is read; then one whose conditions do not hold is there, without a value. */
  readonly lazy?: boolean;
  /** What stands for the name in documentation. */
  readonly placeholder?: string;
};

/** An attribute set with values of one type; each attribute is merged by itself. Names are ordered by bytes. */
export function attrsOf<V, I>(elemType: Type<V, I>): Type<Attrs<V>, AttrsDefinition<I>> {
  checkType(elemType, "attrsOf");
  return attrsWith({ elemType });
}

/** An attribute set whose attributes are computed one by one, when they are read. */
export function lazyAttrsOf<V, I>(elemType: Type<V, I>): Type<Attrs<V>, AttrsDefinition<I>> {
  checkType(elemType, "lazyAttrsOf");
  return attrsWith({ elemType, lazy: true });
}

/** An attribute set: {@link attrsOf} or {@link lazyAttrsOf}, with a name for its placeholder. */
export function attrsWith<V, I>(facts: AttrsFacts<V, I>): Type<Attrs<V>, AttrsDefinition<I>> {
  if (!isRecord(facts))
    refuseParts(`attrsWith: this is no record: ${describeValue(facts)}`, "give { elemType: types.string }");
  const { elemType: element, lazy = false, placeholder = "name" } = facts;
  checkNames(facts, ["elemType", "lazy", "placeholder"], "attrsWith", { code: "option-declaration" });
  checkType(element, "attrsWith");
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
    inside: () => element,
    unite: ({ parts }) => {
      if (!isAttrsParts(parts)) return undefined;
      const { elemType, placeholder: theirs = "name" } = parts;
      const name = placeholder === "name" ? theirs : theirs === "name" ? placeholder : undefined;
      const common = name ?? (theirs === placeholder ? theirs : undefined);
      const united = element.unite(elemType);
      if (!(united instanceof Type)) return united;
      if (common === undefined) return `with the placeholders ${placeholder} and ${theirs}`;
      return attrsWith({ elemType: united, lazy, placeholder: common });
    },
    parts: facts,
  });
}

/** Say whether the parts of a type are those of an attribute set. */
function isAttrsParts(parts: unknown): parts is AttrsFacts<unknown, unknown> {
  return isRecord(parts) && parts["elemType"] instanceof Type;
}

const emptyAttrs: Attrs<unknown> = Object.freeze({});

/** One attribute: its first definition, still a value in that of the set, and the others. */
class Attribute {
  readonly name: string;
  readonly value: unknown;
  readonly #within: Definition;
  #all: Definition[] | undefined = undefined;

  constructor(name: string, value: unknown, within: Definition) {
    this.name = name;
    this.value = value;
    this.#within = within;
  }

  /** Whether it has one definition only, which is `value`. */
  get isSingle(): boolean {
    return this.#all === undefined;
  }

  get definitions(): readonly Definition[] {
    return this.#all ?? [this.#within.with(this.value)];
  }

  add(definition: Definition): void {
    if (this.#all === undefined) this.#all = [this.#within.with(this.value), definition];
    else this.#all.push(definition);
  }
}

/** Past this many attributes, names are looked up in a map. */
const few = 16;

/** Read an attribute now. */
const read = (record: Readonly<Record<string, unknown>>, name: string): unknown => record[name];

/** Get an attribute, or a thunk for one that is computed when it is read, as those of a configuration are. */
function readLater(record: Readonly<Record<string, unknown>>, name: string): unknown {
  const { get, value } = Object.getOwnPropertyDescriptor(record, name) ?? {};
  return get === undefined ? value : () => record[name];
}

/** Collect the definitions of each attribute, ordered by name. Throws `option-name` for `__proto__`. */
function byName(
  place: Place | undefined,
  definitions: readonly Definition[],
  attribute = read,
): readonly Attribute[] {
  const found: Attribute[] = [];
  let index: Map<string, Attribute> | undefined;
  for (let number = 0; number < definitions.length; number += 1) {
    const definition = definitions[number];
    const record: unknown = definition?.value;
    if (definition === undefined || !isRecord(record)) continue;
    if (number > 0 && index === undefined && found.length > few)
      index = new Map(found.map((each) => [each.name, each]));
    for (const name in record) {
      if (name === "__proto__") throw nameError(place, definition);
      const known = number === 0 ? undefined : index === undefined ? named(found, name) : index.get(name);
      const value = attribute(record, name);
      if (known !== undefined) known.add(definition.with(value));
      else {
        const made = new Attribute(name, value, definition);
        found.push(made);
        index?.set(name, made);
      }
    }
  }
  for (let at = 1; at < found.length; at += 1)
    if (compareText(found[at - 1]?.name ?? "", found[at]?.name ?? "") > 0)
      return found.sort((a, b) => compareText(a.name, b.name));
  return found;
}

function named(attributes: readonly Attribute[], name: string): Attribute | undefined {
  for (let at = 0; at < attributes.length; at += 1) if (attributes[at]?.name === name) return attributes[at];
  return undefined;
}

/** Say that an attribute has a name that no record can hold safely. */
export function nameError(place: Place | undefined, definition: Definition): Error {
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
  const all = byName(place, definitions);
  for (let at = 0; at < all.length; at += 1) {
    const each = all[at];
    if (each === undefined) continue;
    const { name } = each;
    if (each.isSingle && element.scalar?.(each.value) === true) attrs[name] = each.value;
    else {
      const value = mergeDefinitions({ parent: place, name }, element, each.definitions);
      if (value !== nothing) attrs[name] = value;
    }
  }
  return Object.freeze(attrs);
}

/** The attributes of a lazy set: a slot each. */
class LazyAttrs implements Slots {
  readonly values: unknown[] = [];
  readonly pending: unknown[] = [];
  readonly root: Evaluation | undefined = current()?.root;
  readonly #place: Place | undefined;
  readonly #element: Type;
  readonly #names: string[] = [];

  constructor(place: Place | undefined, element: Type, all: readonly Attribute[]) {
    this.#place = place;
    this.#element = element;
    for (const { name, definitions } of all) {
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
  const all = byName(place, definitions, readLater);
  const slots = new LazyAttrs(place, element, all);
  const attrs: Record<string, unknown> = {};
  for (const [index, { name }] of all.entries())
    Object.defineProperty(attrs, name, { enumerable: true, get: () => force(slots, index) });
  return Object.freeze(attrs);
}
