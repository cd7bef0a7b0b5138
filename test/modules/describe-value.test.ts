/** Values in messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeValue } from "../../src/modules/problem.ts";

test("what is computed when it is read is named, and not read", () => {
  const value = {
    a: 1,
    get b(): number {
      throw new Error("it was read");
    },
    c: {
      get d(): number {
        throw new Error("it was read");
      },
    },
    get e(): number {
      throw new Error("it was read");
    },
    f: 2,
  };
  assert.equal(describeValue(value), "{ a: 1, b, c: a record, e, and 1 more }");
});
