/** What tests of the module system share. */
import assert from "node:assert/strict";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { defineModule, evalModules, mkOption, uses } from "../../src/modules/index.ts";
import type { Type } from "../../src/modules/types/type.ts";

/**
 * Evaluate one option `value` of a type with some definitions, each in a module of its own: `definition 0`,
 * `definition 1`. Definitions are not checked by the compiler, so that wrong ones can be tried.
 */
export function evaluate<T>(type: Type<T>, ...definitions: readonly unknown[]): T {
  return evaluationOf(type, ...definitions).config.value;
}

/** Make the evaluation that {@link evaluate} reads. */
export function evaluationOf<T>(type: Type<T>, ...definitions: readonly unknown[]) {
  const declares = defineModule("declares", {
    options: { value: mkOption({ type, description: "the value" }) },
  });
  const defines = definitions.map((definition, index) =>
    uses(declares).module(`definition ${index}`, {}, ({ define }) => define({ value: definition as never })),
  );
  return evalModules({ modules: [declares, ...defines] });
}

/** Get what a user sees of the coded error that a call ends with. */
export function failure(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(
      error instanceof CleaveError,
      `not a coded error: ${error instanceof Error ? error.stack : error}`,
    );
    return describeError(error);
  }
  return assert.fail("nothing was refused");
}
