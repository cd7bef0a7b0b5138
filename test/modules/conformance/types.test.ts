/** Plain types: what they accept, how they describe themselves, how two declarations of one option merge. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkMerge, mkOption, types, uses } from "../../../src/modules/index.ts";
import type { Type } from "../../../src/modules/types/type.ts";
import { evaluate, failure } from "../../support/modules.ts";

/** Evaluate an option that two modules declare. */
function valueOfBoth<T>(one: Type<T>, two: Type<T>, definition: unknown): T {
  const declares = (name: string, type: Type<T>) =>
    defineModule(name, { options: { value: mkOption({ type, description: "value" }) } });
  const first = declares("one", one);
  const defines = uses(first).module("defines", {}, ({ define }) => define({ value: definition as never }));
  return evalModules({ modules: [first, declares("two", two), defines] }).config.value;
}

test("boolByOr is true where one of its definitions is", () => {
  const value = (...definitions: boolean[]) => evaluate(types.boolByOr, mkMerge(definitions));
  assert.deepEqual(
    [value(false, false), value(true, false), value(false, true), value(true, true)],
    [false, true, true, true],
  );
});

test("declaring the same pattern twice is one declaration", () => {
  assert.equal(valueOfBoth(types.stringMatching(/\(.*\)/), types.stringMatching(/\(.*\)/), "(a)"), "(a)");
});

test("an integer within its bounds is accepted", () => {
  assert.equal(evaluate(types.ints.unsigned, 42), 42);
  assert.equal(evaluate(types.ints.between(-21, 43), 42), 42);
});

test("a negative integer is refused where only 0 and above are allowed", () => {
  assert.match(
    failure(() => evaluate(types.ints.unsigned, -23)),
    /value.*unsigned integer.*\n.*-23/,
  );
});

test("0 is refused where only integers above 0 are allowed", () => {
  assert.match(
    failure(() => evaluate(types.ints.positive, 0)),
    /value.*positive integer.*\n.*0/,
  );
});

test("an integer outside of its bounds is refused, and the message names both bounds", () => {
  assert.match(
    failure(() => evaluate(types.ints.between(-21, 43), -23)),
    /between -21 and 43.*\n.*-23/,
  );
});

test("either accepts a value of its first and of its second type", () => {
  for (const value of [42, "24"]) assert.equal(evaluate(types.either(types.int, types.string), value), value);
});

test("oneOf accepts a value of each of its types", () => {
  for (const value of [42, [], "24"])
    assert.deepEqual(evaluate(types.oneOf([types.int, types.listOf(types.int), types.string]), value), value);
});

test("one definition of the wrong type fails even beside right ones", () => {
  assert.match(
    failure(() => evaluate(types.ints.unsigned, [], 42)),
    /definition 0/,
  );
});

const zero = types.addCheck(types.int, (value) => value === 0);
const withFoo = types.addCheck(types.attrsOf(types.int), (value) => "foo" in value);

test("a value that passes an added check is accepted", () => {
  assert.equal(evaluate(zero, 0), 0);
});

test("a value that fails an added check is refused with the type's description", () => {
  assert.match(
    failure(() => evaluate(zero, 1)),
    /value.*signed integer.*\n.*1/,
  );
});

test("an added check on attrsOf looks at each definition", () => {
  assert.deepEqual(evaluate(withFoo, { foo: 1 }), { foo: 1 });
  assert.match(
    failure(() => evaluate(withFoo, { foo: 1 }, { bar: 2 })),
    /definition 1/,
  );
});

test("attrsOf that fails an added check is refused with the type's description", () => {
  assert.match(
    failure(() => evaluate(withFoo, {})),
    /attribute set of signed integer/,
  );
});

test("an added check inside lazyAttrsOf is applied when the entry is read", () => {
  const value = evaluate(types.lazyAttrsOf(withFoo), { bad: { baz: 1 }, good: { foo: 1 } });
  assert.deepEqual(value["good"], { foo: 1 });
  assert.match(
    failure(() => value["bad"]),
    /value\.bad/,
  );
});

const { string, int, bool, ints, attrsOf, listOf, either, oneOf, nullOr, coercedTo, functionTo } = types;
const positive = ints.positive;
const letters = types.enum(["a", "b"]);
const abort = () => assert.fail("converted");

test("types describe themselves, with parentheses where the words would be ambiguous", () => {
  const described: readonly (readonly [Type, string])[] = [
    [string, "string"],
    [int, "signed integer"],
    [positive, "positive integer, meaning >0"],
    [either(positive, types.enum(["auto"])), 'positive integer, meaning >0, or value "auto" (singular enum)'],
    [listOf(positive), "list of (positive integer, meaning >0)"],
    [listOf(int), "list of signed integer"],
    [listOf(listOf(int)), "list of list of signed integer"],
    [listOf(either(string, bool)), "list of (string or boolean)"],
    [either(listOf(bool), string), "(list of boolean) or string"],
    [either(string, listOf(bool)), "string or list of boolean"],
    [oneOf([listOf(bool), string]), "(list of boolean) or string"],
    [oneOf([listOf(bool), string, int, bool]), "(list of boolean) or string or signed integer or boolean"],
    [either(listOf(bool), either(string, int)), "(list of boolean) or string or signed integer"],
    [either(either(listOf(bool), string), int), "(list of boolean) or string or signed integer"],
    [either(nullOr(bool), string), "null or boolean or string"],
    [either(listOf(either(bool, string)), int), "(list of (boolean or string)) or signed integer"],
    [either(int, listOf(either(bool, string))), "signed integer or list of (boolean or string)"],
  ];
  for (const [type, description] of described) assert.equal(type.description, description);
});

test("types of every kind describe themselves", () => {
  const described: readonly (readonly [Type, string])[] = [
    [attrsOf(string), "attribute set of string"],
    [attrsOf(attrsOf(string)), "attribute set of attribute set of string"],
    [types.lazyAttrsOf(int), "lazy attribute set of signed integer"],
    [attrsOf(nullOr(string)), "attribute set of (null or string)"],
    [attrsOf(letters), 'attribute set of (one of "a", "b")'],
    [attrsOf(types.stringMatching(/[0-9]+/)), "attribute set of string matching the pattern [0-9]+"],
    [attrsOf(coercedTo(string, abort, int)), "attribute set of (signed integer or string convertible to it)"],
    [attrsOf(functionTo(string)), "attribute set of function that evaluates to a(n) string"],
    [attrsOf(types.uniq(string)), "attribute set of string"],
    [attrsOf(types.separatedString(",")), 'attribute set of strings concatenated with ","'],
    [
      attrsOf(ints.u32),
      "attribute set of 32 bit unsigned integer; between 0 and 4294967295 (both inclusive)",
    ],
    [
      attrsOf(types.numbers.positive),
      "attribute set of (positive integer or floating point number, meaning >0)",
    ],
    [types.enum([]), "impossible (empty enum)"],
    [types.enum(["single"]), 'value "single" (singular enum)'],
    [letters, 'one of "a", "b"'],
    [types.enum([true, null, false]), "one of true, null, false"],
    [nullOr(listOf(string)), "null or (list of string)"],
    [nullOr(positive), "null or (positive integer, meaning >0)"],
    [either(bool, positive), "boolean or (positive integer, meaning >0)"],
    [either(positive, bool), "positive integer, meaning >0, or boolean"],
    [either(letters, bool), 'one of "a", "b" or boolean'],
    [either(coercedTo(string, abort, int), bool), "(signed integer or string convertible to it) or boolean"],
    [
      coercedTo(listOf(string), abort, attrsOf(string)),
      "(attribute set of string) or (list of string) convertible to it",
    ],
    [functionTo(either(int, string)), "function that evaluates to a(n) (signed integer or string)"],
    [types.submodule({ options: {} }), "submodule"],
    [types.addCheck(string, () => true), "string"],
    [types.json, "JSON value"],
    [types.nonEmptyListOf(string), "non-empty list of string"],
    [types.pathWith({}), "path"],
    [types.pathWith({ absolute: false }), "relative path"],
    [types.pathWith({ absolute: true, inStore: true }), "absolute path in the Nix store"],
    [types.pathWith({ inStore: false }), "path not in the Nix store"],
    [
      types.submodule(defineModule("open", { freeformType: attrsOf(string) })),
      "open submodule of attribute set of string",
    ],
    [types.submoduleWith({ modules: [], description: "custom" }), "custom"],
  ];
  for (const [type, description] of described) assert.equal(type.description, description);
});

test("a type merges with itself", () => {
  assert.equal(valueOfBoth(types.string, types.string, "a"), "a");
});

test("types that differ do not merge", () => {
  const text = failure(() => valueOfBoth<unknown>(types.string, types.int, "a"));
  for (const each of [/value/, /one/, /two/, /string/, /signed integer/]) assert.match(text, each);
});

test("enums merge to one that accepts the values of both", () => {
  const value = (definition: string) =>
    valueOfBoth<string>(types.enum(["A", "B"]), types.enum(["X", "Y"]), definition);
  for (const letter of ["A", "B", "X", "Y"]) assert.equal(value(letter), letter);
  assert.match(
    failure(() => value("C")),
    /"C"/,
  );
});
