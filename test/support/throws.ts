import assert from "node:assert/strict";
import { CleaveError, describeError } from "../../src/base/index.ts";

/** Assert that a function throws a coded error whose whole text is `lines`; the last line is added here. */
export function assertError(action: () => unknown, ...lines: readonly string[]): void {
  let caught: unknown;
  try {
    action();
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof CleaveError, `no coded error, but ${String(caught)}`);
  assert.equal(describeError(caught), [...lines, `  more: cleave explain ${caught.code}`, ""].join("\n"));
}
