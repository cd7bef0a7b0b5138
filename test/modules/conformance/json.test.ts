/** Values that JSON can hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mkValue, types } from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

test("null, booleans, integers, floats, texts, records and lists are JSON values", () => {
  for (const value of [null, true, 1, 1.1, "foo", { foo: 1 }, [{ bar: [1] }]])
    assert.deepEqual(evaluate(types.json, value), value);
});

test("a function is no JSON value", () => {
  assert.match(
    failure(() =>
      evaluate(
        types.json,
        mkValue((x: unknown) => x),
      ),
    ),
    /JSON/,
  );
});
