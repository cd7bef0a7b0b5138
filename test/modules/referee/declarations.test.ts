/** Real Nix and nixpkgs' lib have the last word on options that two modules declare, and on tags and functions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defineModule, evalModules, mkOption, mkValue, types, uses } from "../../../src/modules/index.ts";
import type { Type } from "../../../src/modules/types/type.ts";
import {
  compare,
  constants,
  list,
  needsNixpkgs,
  type Program,
  record,
  type Value,
  type Values,
  wrapped,
} from "../../support/nixpkgs.ts";

/** A type on both sides, made anew for each declaration, and definitions of it. */
type Both = Values & { readonly nix: string; readonly make: () => Type };

const leaves: readonly Both[] = [
  { nix: "str", make: () => types.string, value: constants("a", "b") },
  { nix: "int", make: () => types.int, value: constants(1, 2) },
  { nix: "bool", make: () => types.bool, value: constants(true, false) },
  { nix: "lines", make: () => types.lines, value: constants("a", "b\n") },
  { nix: 'separatedString ":"', make: () => types.separatedString(":"), value: constants("a", "b") },
  { nix: 'separatedString ","', make: () => types.separatedString(","), value: constants("a", "b") },
  { nix: 'enum [ "a" 1 ]', make: () => types.enum(["a", 1]), value: constants("a", 1) },
  { nix: 'enum [ "b" ]', make: () => types.enum(["b"]), value: constants("b") },
  { nix: 'strMatching "a+"', make: () => types.stringMatching(/a+/), value: constants("aa", "b") },
  { nix: 'strMatching "[ab]+"', make: () => types.stringMatching(/[ab]+/), value: constants("ab") },
  { nix: "nonEmptyStr", make: () => types.nonEmptyString, value: constants("a", "") },
  { nix: "singleLineStr", make: () => types.singleLineString, value: constants("a", "a\n", "a\nb") },
  { nix: "anything", make: () => types.anything, value: constants("a", 1, null) },
  { nix: "raw", make: () => types.raw, value: constants("a", null) },
];

function deeper(element: Both): readonly Both[] {
  const { nix, make, value, isSubmodule = false } = element;
  const tags = (more: string, tag: string, type: () => Type): Both => ({
    nix: `attrTag { one = lib.mkOption { type = ${nix}; }; ${more} }`,
    make: () => types.attrTag({ one: mkOption({ type: make() }), [tag]: mkOption({ type: type() }) }),
    value: fc.oneof(record(element, "one"), record({ value: constants(1, 2) }, tag)),
  });
  return [
    { nix: `listOf (${nix})`, make: () => types.listOf(make()), value: list(element) },
    { nix: `attrsOf (${nix})`, make: () => types.attrsOf(make()), value: record(element, "x", "y", "z") },
    { nix: `lazyAttrsOf (${nix})`, make: () => types.lazyAttrsOf(make()), value: record(element, "x", "y") },
    {
      nix: `attrsWith { elemType = ${nix}; placeholder = "id"; }`,
      make: () => types.attrsWith({ elemType: make(), placeholder: "id" }),
      value: record(element, "x", "y"),
    },
    {
      nix: `nullOr (${nix})`,
      make: () => types.nullOr(make()),
      value: fc.oneof(value, constants(null)),
      isSubmodule,
    },
    { nix: `uniq (${nix})`, make: () => types.uniq(make()), value, isSubmodule },
    {
      nix: `either (${nix}) int`,
      make: () => types.either(make(), types.int),
      value: fc.oneof(value, constants(7)),
      isSubmodule,
    },
    {
      nix: `oneOf [ int (${nix}) ]`,
      make: () => types.oneOf([types.int, make()]),
      value: fc.oneof(value, constants(7)),
      isSubmodule,
    },
    {
      nix: `submodule { options.a = lib.mkOption { type = ${nix}; }; }`,
      make: () => types.submodule({ options: { a: mkOption({ type: make() }) } }),
      value: record(element, "a"),
      isSubmodule: true,
    },
    tags("two = lib.mkOption { type = int; };", "two", () => types.int),
    tags("three = lib.mkOption { type = int; };", "three", () => types.int),
  ];
}

const all: fc.Arbitrary<Both> = fc.oneof(
  fc.constantFrom(...leaves),
  fc.constantFrom(...leaves).chain((leaf) => fc.constantFrom(...deeper(leaf))),
  fc
    .constantFrom(...leaves)
    .chain((leaf) => fc.constantFrom(...deeper(leaf)))
    .chain((middle) => fc.constantFrom(...deeper(middle))),
);

/** Two types that may have one in common: mostly the same, or the same of other parts. */
const pairs: fc.Arbitrary<readonly [Both, Both]> = fc.oneof(
  { weight: 4, arbitrary: all.map((each) => [each, each] as const) },
  { weight: 1, arbitrary: fc.tuple(all, all) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...leaves), fc.constantFrom(...leaves), fc.nat(10))
      .map(([one, two, at]) => [deeper(one)[at] ?? one, deeper(two)[at] ?? two] as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...leaves)
      .chain((leaf) => fc.tuple(fc.constantFrom(...deeper(leaf)), fc.constantFrom(...deeper(leaf)))),
  },
);

/** The type of the first tag: nixpkgs unites those when they are read, cleave when they are declared. */
function firstTag({ nix }: Both): string | undefined {
  return /attrTag \{ one = lib\.mkOption \{ type = (.*); \}; t/.exec(nix)?.[1];
}

/** Properties and values of one of two types. */
function definitionsOf(...both: readonly Both[]): fc.Arbitrary<readonly Value[]> {
  const isSubmodule = both.some((each) => each.isSubmodule === true);
  return fc.array(wrapped({ value: fc.oneof(...both.map(({ value }) => value)), isSubmodule }, 1), {
    maxLength: 3,
  });
}

function evaluateDeclared(declared: readonly Type[], definitions: readonly Value[]): unknown {
  const declares = declared.map((type, index) =>
    defineModule(`declares ${index}`, { options: { v: mkOption({ type }) } }),
  );
  const defines = definitions.map((each, index) =>
    uses(...declares).package(`defines ${index}`, ({ define }) => define({ v: each.value } as never)),
  );
  const { config }: { config: object } = evalModules({ modules: [...declares, ...defines] });
  return Reflect.get(config, "v");
}

function nixDeclared(declared: readonly string[], definitions: readonly Value[]): string {
  return `(lib.evalModules { modules = [
    ${declared.map((type) => `{ options.v = lib.mkOption { type = with lib.types; ${type}; }; }`).join(" ")}
    ${definitions.map((each) => `{ v = ${each.nix}; }`).join(" ")}
  ]; }).config.v`;
}

const twice: fc.Arbitrary<Program> = pairs
  .filter(
    ([one, two]) =>
      firstTag(one) === undefined || firstTag(two) === undefined || firstTag(one) === firstTag(two),
  )
  .chain(([one, two]) =>
    definitionsOf(one, two).map((definitions) => ({
      nix: nixDeclared([one.nix, two.nix], definitions),
      evaluate: () => evaluateDeclared([one.make(), two.make()], definitions),
    })),
  );

test("options that are declared twice have the type of both, or none, as in nixpkgs", needsNixpkgs, () => {
  const { merged, total } = compare(twice);
  assert.ok(merged > total / 4, `only ${merged} of ${total} have a value`);
});

/** A function of its argument, which is a text, in a list of such. */
const functions: fc.Arbitrary<Value> = wrapped(
  { value: fc.oneof(list({ value: constants("a", "b") })) },
  1,
).map(({ nix, value }) => ({ nix: `(x: ${nix})`, value: mkValue(() => value) }));

const called: fc.Arbitrary<Program> = fc
  .tuple(fc.constantFrom(1, 2), fc.array(wrapped({ value: functions }, 1), { maxLength: 3 }))
  .map(([count, definitions]) => {
    const numbers = Array.from({ length: count });
    return {
      nix: `((${nixDeclared(
        numbers.map(() => "functionTo (listOf str)"),
        definitions,
      )}) "x")`,
      evaluate: () => {
        const made = evaluateDeclared(
          numbers.map(() => types.functionTo(types.listOf(types.string))),
          definitions,
        );
        return typeof made === "function" ? made("x") : made;
      },
    };
  });

test("functions are merged as in nixpkgs", needsNixpkgs, () => {
  const { merged, total } = compare(called);
  assert.ok(merged > total / 4, `only ${merged} of ${total} have a value`);
});
