/** Law: an option takes a JSON value if, and only if, the value is valid by the JSON Schema of the option's type. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkOption, mkValue, types } from "cleave/modules";
import fc from "fast-check";
import { Compile } from "typebox/schema";
import type { Type } from "../../src/modules/types/type.ts";

const part = types.submodule({
  options: {
    a: mkOption({ type: types.int }),
    b: mkOption({ type: types.string, default: "" }),
    deep: { c: mkOption({ type: types.nullOr(types.bool) }) },
  },
});

const all: Readonly<Record<string, Type>> = {
  bool: types.bool,
  int: types.int,
  float: types.float,
  "ints.between": types.ints.between(-2, 3),
  "ints.positive": types.ints.positive,
  "ints.u8": types.ints.u8,
  "numbers.nonnegative": types.numbers.nonnegative,
  "numbers.between": types.numbers.between(0.5, 2),
  string: types.string,
  nonEmptyString: types.nonEmptyString,
  singleLineString: types.singleLineString,
  lines: types.lines,
  commas: types.commas,
  envVar: types.envVar,
  port: types.port,
  stringMatching: types.stringMatching(/a+|b/),
  path: types.path,
  storePath: types.storePath,
  package: types.package,
  enum: types.enum(["a", 1, null, true]),
  json: types.json,
  anything: types.anything,
  listOf: types.listOf(types.int),
  nonEmptyListOf: types.nonEmptyListOf(types.int),
  attrsOf: types.attrsOf(types.listOf(types.bool)),
  lazyAttrsOf: types.lazyAttrsOf(types.int),
  nullOr: types.nullOr(types.string),
  either: types.either(types.bool, types.ints.positive),
  oneOf: types.oneOf([types.bool, types.string, types.nullOr(types.int)]),
  attrTag: types.attrTag({ a: mkOption({ type: types.int }), b: mkOption({ type: types.string }) }),
  submodule: part,
  "list of submodules": types.listOf(part),
  unique: types.uniq(types.int),
};

const texts = ["", "a", "aab", " ", "/", "/a\nb", "a\n", "a\nb\n", "x/y", `/nix/store/${"0".repeat(32)}-x`];
const primitives = [null, true, false, 0, 1, -1, 3, 4, 256, 0.5, 2.5, 2 ** 53, ...texts];
/** What compound types take, which is rarely met by chance. */
const compounds = [[1], [true], [{ a: 1 }], { a: 1 }, { a: [true], b: [] }, { b: "x" }, { outPath: "/x" }];
const small = fc.constantFrom<unknown>(...primitives);
const name = fc.constantFrom("a", "b", "c", "deep", "constructor");
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    small,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.constantFrom<unknown>(...compounds),
    fc.dictionary(name, tie("value"), { maxKeys: 3 }),
    fc.record(
      {
        a: fc.constantFrom<unknown>(1, 2, "x"),
        b: fc.constantFrom<unknown>("", "x", 1),
        deep: fc.dictionary(fc.constantFrom("c", "d"), fc.constantFrom<unknown>(null, true, 1), {
          maxKeys: 1,
        }),
      },
      { requiredKeys: [] },
    ),
  ),
})).value;

function isTaken(type: Type, definition: unknown): boolean {
  const module = defineModule("module", { options: { option: mkOption({ type }) } });
  try {
    JSON.stringify(evalModules({ modules: [module] }, { option: mkValue(definition) }).config);
    return true;
  } catch {
    return false;
  }
}

for (const [label, type] of Object.entries(all))
  test(`law: what the schema of ${label} says is what it takes`, () => {
    const schema = Compile(type.schema());
    let taken = 0;
    fc.assert(
      fc.property(value, (each) => {
        const plain: unknown = JSON.parse(JSON.stringify(each));
        const isValid = schema.Check(plain);
        if (isValid) taken += 1;
        assert.equal(isTaken(type, plain), isValid, JSON.stringify(plain));
      }),
      { numRuns: 300, examples: [...primitives, ...compounds].map((each): [unknown] => [each]) },
    );
    assert.ok(taken > 0, "no value was valid");
  });
