/** Types made of others: one of several values, one of several types, at most one definition. */
import { Declaration, uniteFacts } from "../declaration.ts";
import { type Definition, run } from "../definition.ts";
import { bodyOf } from "../module.ts";
import { Option } from "../option.ts";
import { type Place, showPath } from "../place.ts";
import { captureOrigin, Origin } from "../position.ts";
import { describeValue, optionError } from "../problem.ts";
import type { Definable } from "../property.ts";
import { isRecord, mergeEqual, mergeOne, misfits } from "./check.ts";
import { checkType, refuseParts, uniteElement } from "./element.ts";
import { Mismatch, phraseOf, Type, type United } from "./type.ts";

/** `null`, or a value of a type. */
export function nullOr<V, I>(element: Type<V, I>): Type<V | null, I | null> {
  checkType(element, "nullOr");
  const { scalar } = element;
  return new Type({
    name: "nullOr",
    description: `null or ${phraseOf(element, "noun", "conjunction")}`,
    phrase: "conjunction",
    constant: element.constant,
    ...(scalar === undefined ? {} : { scalar: (value) => value === null || scalar(value) }),
    merge: (place, definitions) => {
      const nulls = definitions.filter(({ value }) => value === null).length;
      if (nulls === 0) return element.merge(place, definitions);
      if (nulls === definitions.length) return null;
      throw optionError(
        "option-conflict",
        place,
        (path) => `the option ${path} is defined both as null and otherwise:`,
        definitions,
        "keep one of them, or give one a priority with mkForce or mkDefault",
      );
    },
    empty: () => null,
    schema: () => ({ anyOf: [{ type: "null" }, element.schema()] }),
    ...insideOf(element),
    unite: ({ parts }) => uniteElement(element, parts, nullOr),
    parts: element,
  });
}

/**
 * A value of a type, or `null`, which takes it away: of several definitions `null` wins, where {@link nullOr} refuses to
 * choose. nixpkgs has no such type.
 */
export function removable<V, I>(element: Type<V, I>): Type<V | null, I | null> {
  checkType(element, "removable");
  const { scalar } = element;
  return new Type({
    name: "removable",
    description: `${phraseOf(element, "noun", "conjunction")}, or null to take it away`,
    phrase: "clause",
    constant: element.constant,
    ...(scalar === undefined ? {} : { scalar: (value) => value === null || scalar(value) }),
    merge: (place, definitions) =>
      definitions.some(({ value }) => value === null) ? null : element.merge(place, definitions),
    empty: () => null,
    schema: () => ({ anyOf: [{ type: "null" }, element.schema()] }),
    ...insideOf(element),
    unite: ({ parts }) => uniteElement(element, parts, removable),
    parts: element,
  });
}

export type Constant = string | number | boolean | null;

/** One of some values. Declared twice, an option takes the values of both. */
function enumOf<const V extends Constant>(values: readonly V[]): Type<V, V> {
  if (!isConstants(values))
    refuseParts(
      `enum: this is no list of constants: ${describeValue(values)}`,
      'give texts, numbers, booleans or null in a list: types.enum(["c11", "c17"])',
    );
  const all: ReadonlySet<unknown> = new Set(values);
  const shown = values.map((each) => JSON.stringify(each));
  const check = (value: unknown): boolean => all.has(value);
  return new Type({
    name: "enum",
    description:
      shown.length === 0
        ? "impossible (empty enum)"
        : shown.length === 1
          ? `value ${shown[0]} (singular enum)`
          : `one of ${shown.join(", ")}`,
    phrase: shown.length < 2 ? "noun" : "conjunction",
    scalar: check,
    merge: (place, definitions) => misfits(definitions, check) ?? mergeEqual(place, definitions),
    schema: () => ({ enum: values }),
    unite: ({ parts }) => (isConstants(parts) ? enumOf([...new Set([...values, ...parts])]) : undefined),
    parts: values,
  });
}

export { enumOf as enum };

function isConstants(parts: unknown): parts is readonly Constant[] {
  return (
    Array.isArray(parts) &&
    parts.every((each) => each === null || ["string", "number", "boolean"].includes(typeof each))
  );
}

/** A value of the first type, or else of the second; the roots of all definitions decide which. */
export function either<V, I, W, J>(left: Type<V, I>, right: Type<W, J>): Type<V | W, I | J> {
  checkType(left, "either");
  checkType(right, "either");
  const { scalar: isLeft } = left;
  const { scalar: isRight } = right;
  return new Type({
    name: "either",
    description:
      left.phrase === "clause"
        ? `${left.description}, or ${phraseOf(right, "noun", "conjunction")}`
        : `${phraseOf(left, "noun", "conjunction")} or ${phraseOf(right, "noun", "conjunction", "composite")}`,
    phrase: "conjunction",
    constant: left.constant && right.constant,
    ...(isLeft !== undefined && isRight !== undefined
      ? { scalar: (value) => isLeft(value) || isRight(value) }
      : {}),
    merge: (place, definitions) => {
      const first = left.merge(place, definitions);
      if (!(first instanceof Mismatch)) return first;
      const second = right.merge(place, definitions);
      if (!(second instanceof Mismatch)) return second;
      const both = second.definitions.filter((each) => first.definitions.includes(each));
      return new Mismatch(both.length > 0 ? both : definitions);
    },
    schema: () => ({ anyOf: [left.schema(), right.schema()] }),
    below: () => [...(left.below?.() ?? []), ...(right.below?.() ?? [])],
    inside: (name) => left.inside?.(name) ?? right.inside?.(name),
    convert: (place, definition) => {
      const { convert } = left.merge(place, [definition]) instanceof Mismatch ? right : left;
      return convert === undefined ? definition : convert(place, definition);
    },
    unite: ({ parts }) => {
      if (!Array.isArray(parts)) return undefined;
      const [theirLeft, theirRight]: unknown[] = parts;
      if (!(theirLeft instanceof Type && theirRight instanceof Type)) return undefined;
      const a = left.unite(theirLeft);
      const b = right.unite(theirRight);
      if (!(a instanceof Type)) return a;
      return b instanceof Type ? either(a, b) : b;
    },
    parts: [left, right],
  });
}

type ValueIn<T> = T extends Type<infer V, unknown> ? V : never;
type InputIn<T> = T extends Type<unknown, infer I> ? I : never;

/** A value of the first type of a list that takes it. */
export function oneOf<const T extends readonly [Type, ...Type[]]>(
  types: T,
): Type<ValueIn<T[number]>, InputIn<T[number]>> {
  if (!Array.isArray(types) || types.length === 0)
    refuseParts(
      `oneOf: this is no list of types: ${describeValue(types)}`,
      "give the types in a list: types.oneOf([types.string, types.int])",
    );
  for (const each of types) checkType(each, "oneOf");
  const [first, ...rest] = types;
  const united = rest.reduce<Type>((left, right) => either(left, right), first);
  return united as Type<ValueIn<T[number]>, InputIn<T[number]>>;
}

/** A value of `to`; what is of `from` is converted first. */
export function coercedTo<A, I, J, V>(
  from: Type<A, I>,
  coerce: (value: A) => NoInfer<J>,
  to: Type<V, J>,
): Type<V, I | J> {
  checkType(from, "coercedTo");
  checkType(to, "coercedTo");
  if (typeof coerce !== "function")
    refuseParts(
      `coercedTo: this is no function: ${describeValue(coerce)}`,
      "give what converts a value of the first type between the two types",
    );
  const convert = (place: Place | undefined, definition: Definition): Definition => {
    const value = from.merge(place, [definition]);
    if (value instanceof Mismatch) return definition;
    const what = "the conversion of a definition of";
    return definition.with(run(place, definition, what, () => coerce(value as A)));
  };
  return new Type({
    name: "coercedTo",
    description: `${phraseOf(to, "noun")} or ${phraseOf(from, "noun")} convertible to it`,
    constant: from.constant && to.constant,
    merge: (place, definitions) =>
      to.merge(
        place,
        definitions.map((each) => convert(place, each)),
      ),
    ...(to.empty === undefined ? {} : { empty: to.empty }),
    schema: () => ({ anyOf: [to.schema(), from.schema()] }),
    ...insideOf(to),
    convert,
  });
}

/** A type of which an option takes one definition only. */
export function unique<V, I>(message: string, type: Type<V, I>): Type<V, I> {
  checkType(type, "unique");
  return new Type({
    ...factsOf(type),
    name: "unique",
    merge: (place, definitions) => {
      if (definitions.length > 1)
        for (const each of definitions) {
          const value = type.merge(place, [each]);
          if (value instanceof Mismatch) return value;
        }
      mergeOne(place, definitions, message === "" ? "" : ` (${message})`);
      return type.merge(place, definitions);
    },
    unite: ({ parts }) => uniteElement(type, parts, (united) => unique(message, united)),
    parts: type,
  });
}

/** A type of which an option takes one definition only. */
export function uniq<V, I>(type: Type<V, I>): Type<V, I> {
  checkType(type, "uniq");
  return unique("", type);
}

/** A type whose values must pass one more check; `description` says what is left. */
export function addCheck<V, I>(
  type: Type<V, I>,
  check: (value: V) => boolean,
  description?: string,
): Type<V, I> {
  checkType(type, "addCheck");
  return new Type({
    ...factsOf(type),
    ...(description === undefined ? {} : { description }),
    merge: (place, definitions) => {
      for (const each of definitions) {
        const value = type.merge(place, [each]);
        if (value instanceof Mismatch) return value;
        if (!run(place, each, "the check of a definition of", () => check(value as V)))
          return new Mismatch([each]);
      }
      return type.merge(place, definitions);
    },
    parts: check,
  });
}

function factsOf(type: Type) {
  return {
    name: type.name,
    description: type.description,
    phrase: type.phrase,
    constant: type.constant,
    schema: type.schema,
    ...(type.empty === undefined ? {} : { empty: type.empty }),
    ...insideOf(type),
  };
}

/** What a type knows about the inside of its values. */
function insideOf({ below, inside, convert }: Type) {
  return {
    ...(below === undefined ? {} : { below }),
    ...(inside === undefined ? {} : { inside }),
    ...(convert === undefined ? {} : { convert }),
  };
}

type Tags = { readonly [tag: string]: Option };
type TagValue<T> = {
  [K in keyof T]: { readonly [L in K]: T[K] extends Option<infer V, unknown> ? V : never };
}[keyof T];
type TagInput<T> = {
  [K in keyof T]: { readonly [L in K]: T[K] extends Option<unknown, infer I> ? Definable<I> : never };
}[keyof T];

/** A record with exactly one of some names, each an option of its own. */
export function attrTag<const T extends Tags>(tags: T): Type<TagValue<T>, TagInput<T>> {
  if (!isRecord(tags))
    refuseParts(
      `attrTag: this is no record of options: ${describeValue(tags)}`,
      "give an option for each tag: types.attrTag({ git: mkOption({ type: types.string }) })",
    );
  const names = Object.keys(tags);
  for (const name of names)
    if (!(tags[name] instanceof Option))
      refuseParts(
        `attrTag: the tag ${showPath([name])} is ${describeValue(tags[name])}, not an option`,
        "wrap its type in mkOption({ type })",
      );
  return attrTagOf({ ...tags }, captureOrigin(attrTag));
}

type TagParts = { readonly tags: Tags; readonly origin: Origin };

function attrTagOf<V, I>(tags: Tags, origin: Origin): Type<V, I> {
  const names = Object.keys(tags);
  const declared = new Map<string, Declaration>();
  const declarationOf = (name: string, option: Option): Declaration => {
    let found = declared.get(name);
    if (found === undefined) {
      const source = { module: bodyOf("attrTag", origin, undefined), root: undefined, rank: 0 };
      found = new Declaration([name], [{ source, option }]);
      declared.set(name, found);
    }
    return found;
  };
  const isTagged = (value: unknown): boolean => {
    if (!isRecord(value)) return false;
    const [name, ...more] = Object.keys(value);
    return name !== undefined && more.length === 0 && Object.hasOwn(tags, name);
  };
  return new Type({
    name: "attrTag",
    description: `attribute-tagged union with choices: ${names.join(", ")}`,
    phrase: "noun",
    constant: false,
    merge: (place, definitions) =>
      misfits(definitions, isTagged) ?? mergeTagged(place, tags, definitions, declarationOf),
    schema: () => ({
      oneOf: names.map((name) => ({
        type: "object",
        properties: { [name]: tags[name]?.facts.type.schema() },
        required: [name],
        additionalProperties: false,
      })),
    }),
    below: () => [
      {
        path: [],
        options: Object.entries(tags).map(([name, { facts }]) => ({ names: [name], facts, modules: [] })),
      },
    ],
    inside: (name) => (Object.hasOwn(tags, name) ? tags[name]?.facts.type : undefined),
    unite: ({ parts }) => (isTagParts(parts) ? uniteTags(tags, parts.tags, origin) : undefined),
    parts: { tags, origin } satisfies TagParts,
  });
}

function isTagParts(parts: unknown): parts is TagParts {
  return isRecord(parts) && parts["origin"] instanceof Origin;
}

function mergeTagged(
  place: Place | undefined,
  tags: Tags,
  definitions: readonly Definition[],
  declarationOf: (name: string, option: Option) => Declaration,
): unknown {
  const chosen = new Set<string>();
  const below = definitions.map((each) => {
    const [name = "", value] = Object.entries(isRecord(each.value) ? each.value : {})[0] ?? [];
    chosen.add(name);
    return each.with(value);
  });
  const [name = "", ...more] = chosen;
  const option = tags[name];
  if (option === undefined) return new Mismatch(definitions);
  if (more.length > 0)
    throw optionError(
      "option-conflict",
      place,
      (path) => `the option ${path} is defined as ${[...chosen].join(" and as ")}:`,
      definitions,
      "all definitions must choose the same name",
    );
  const value = declarationOf(name, option).value({ parent: place, name }, below);
  return Object.freeze({ [name]: value });
}

function uniteTags(tags: Tags, others: Tags, origin: Origin): United {
  const all: Record<string, Option> = { ...tags };
  for (const [name, option] of Object.entries(others)) {
    const mine = tags[name];
    if (mine === undefined) all[name] = option;
    else {
      const facts = uniteFacts(mine.facts, option.facts);
      if (typeof facts === "string") return `${facts}, in the tag ${name}`;
      all[name] = new Option(facts);
    }
  }
  return attrTagOf(all, origin);
}
