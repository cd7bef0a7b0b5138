import assert from "node:assert/strict";
import { test } from "node:test";
import { mkForce, mkMerge, types } from "../../src/modules/index.ts";
import { evaluate, failure } from "../support/modules.ts";

const removable = types.attrsOf(types.removable(types.submodule({ options: {} })));

test("null takes a value away, whoever defines it", () => {
  assert.deepEqual(evaluate(removable, mkMerge([{ a: {}, b: {} }, { a: null }])), { a: null, b: {} });
  assert.deepEqual(evaluate(removable, mkMerge([{ a: null }, { a: null }])), { a: null });
});

test("what stands by a higher priority comes back", () => {
  assert.deepEqual(evaluate(removable, mkMerge([{ a: {} }, { a: null }, { a: mkForce({}) }])), { a: {} });
});

test("what is neither null nor of the type is refused", () => {
  assert.match(
    String(failure(() => evaluate(types.removable(types.int), "one"))),
    /signed integer, or null to take it away|integer, or null to take it away/,
  );
});
