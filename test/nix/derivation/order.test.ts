import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeText } from "../../../src/base/index.ts";
import { orderedMap, sortEntries } from "../../../src/nix/derivation/order.ts";

const names = fc.string({ unit: fc.constantFrom("a", "b", "Z", "é", "\u{10000}", "\uffff"), maxLength: 3 });

test("entries are sorted by the bytes of their keys, those of one key in the order they had", () => {
  fc.assert(
    fc.property(fc.array(names, { maxLength: 60 }), (keys) => {
      const entries = keys.map((key, at) => [key, at] as const);
      const expected = [...entries].sort(
        (a, b) => Buffer.compare(encodeText(a[0]), encodeText(b[0])) || a[1] - b[1],
      );
      assert.deepEqual(sortEntries([...entries]), expected);
    }),
  );
});

test("a map that is in order is given back as it is, any other is copied", () => {
  const right = new Map([
    ["Z", 1],
    ["a", 2],
  ]);
  assert.equal(orderedMap(right), right);
  const wrong = new Map([...right].reverse());
  assert.deepEqual([...orderedMap(wrong)], [...right]);
  assert.deepEqual([...wrong.keys()], ["a", "Z"]);
});
