/** Types that convert what they are given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError } from "../../../src/base/index.ts";
import { defineModule, evalModules, mkOption, types, uses } from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

const text = types.coercedTo(types.int, String, types.string);
const small = types.coercedTo(types.string, (digits) => Number(digits), types.ints.between(-128, 127));

test("a value of the type that is converted from is converted", () => {
  assert.equal(evaluate(text, 42), "42");
});

test("a value of the final type is left as it is", () => {
  assert.equal(evaluate(text, "24"), "24");
});

test("a value of neither type is refused, and the message names both", () => {
  assert.match(
    failure(() => evaluate(text, [])),
    /string.*integer/,
  );
});

test("an option of a coerced type is declared twice only with the very same type", () => {
  const value = (one: typeof text, two: typeof text) => {
    const declares = (name: string, type: typeof text) =>
      defineModule(name, { options: { value: mkOption({ type, description: "value" }) } });
    const first = declares("one", one);
    const defines = uses(first).module("defines", {}, ({ define }) => define({ value: 1 }));
    return evalModules({ modules: [first, declares("two", two), defines] }).config.value;
  };
  assert.equal(value(text, text), "1");
  const message = failure(() => value(text, types.coercedTo(types.int, String, types.string)));
  for (const each of [/value/, /one/, /two/]) assert.match(message, each);
});

test("the converted value is checked against the final type and accepted", () => {
  assert.equal(evaluate(small, "12"), 12);
});

test("a converted value that the final type refuses is refused", () => {
  assert.match(
    failure(() => evaluate(small, "1000")),
    /value.*1000/s,
  );
});

test("an error inside of the conversion is shown with the option", () => {
  const refusing = types.coercedTo(
    types.string,
    (digits): number => {
      throw new CleaveError({ code: "cli-usage", message: `${digits} is no number` });
    },
    types.int,
  );
  assert.match(
    failure(() => evaluate(refusing, "foobar")),
    /foobar is no number/,
  );
});
