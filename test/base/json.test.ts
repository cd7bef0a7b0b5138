import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareText, type Json, writeJson } from "../../src/base/index.ts";
import { assertError } from "../support/throws.ts";

const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.string({ unit: "binary" }),
    fc.array(tie("value")),
    fc.dictionary(fc.string({ unit: "binary" }), tie("value")),
  ),
})).value;

test("canonical JSON is JSON of the same value, with keys ordered by bytes", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = writeJson(value);
      // A record from JSON.parse keeps the order of its keys, save for those that look like indices.
      const keys: string[][] = [];
      const read = JSON.parse(text, (_, each) => {
        if (typeof each === "object" && each !== null && !Array.isArray(each)) keys.push(Object.keys(each));
        return each;
      });
      assert.equal(writeJson(read), text);
      assert.deepEqual(read, JSON.parse(JSON.stringify(value)));
      for (const each of keys.filter((names) => names.every((name) => !/^\d+$/.test(name))))
        assert.deepEqual(each, [...each].sort(compareText));
    }),
  );
});

test("the order of keys in memory does not matter, bytes do", () => {
  assert.equal(
    writeJson({ b: 1, a: 2, "\u{10000}": 3, "\uffff": 4 }),
    '{"a":2,"b":1,"\uffff":4,"\u{10000}":3}',
  );
});

test("what has no canonical JSON is refused with its path", () => {
  const hint =
    "  hint: data for a build is null, booleans, integers within ±2^53, text, lists and records of these; write a fraction as a text";
  const refused = (value: unknown, message: string) =>
    assertError(
      () => writeJson(value),
      `error[json-not-canonical]: ${message}, which has no canonical JSON`,
      hint,
    );
  refused({ a: { "b c": [0, 0.5] } }, 'the value at a."b c".[1] is the number 0.5, which is no integer');
  refused({ a: undefined }, "the value at a is undefined");
  refused([() => 1], "the value at [0] is a function");
  refused(2 ** 53 + 2, "the value is the integer 9007199254740994, which is beyond 2^53");
  refused(1n, "the value is a bigint");
  refused("\ud800", "the value is a text with half of a surrogate pair");
  refused({ "\ud800": 1 }, 'the value at "\\ud800" is a text with half of a surrogate pair');
  refused(new Map(), "the value is an instance of Map");
  refused({ [Symbol("s")]: 1 }, "the value is a record with a symbol as a key");
  // biome-ignore lint/suspicious/noSparseArray: what is tested.
  refused([1, , 2], "the value at [1] is undefined");
  const loop: unknown[] = [];
  loop.push(loop);
  refused(loop, "the value at [0] is a value that contains itself");
  let deep: unknown[] = [];
  for (let depth = 0; depth < 10_000; depth += 1) deep = [deep];
  refused(deep, "the value at [0].[0].[0].[0].[0] is a value nested more than 500 deep");
});
