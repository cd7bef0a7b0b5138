/** Unions whose values are records of one entry, which says which kind it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  describeOptions,
  evalModules,
  mkMerge,
  mkOption,
  types,
  uses,
} from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

const int = mkOption({ type: types.int, description: "an integer" });
const string = mkOption({ type: types.string, description: "a text" });
const tagged = types.attrTag({ left: int, right: string });

test("tagged values, merged tags and their documentation are right", () => {
  assert.deepEqual(evaluate(tagged, { left: 1 }), { left: 1 });
  assert.deepEqual(evaluate(tagged, { right: "hello world" }), { right: "hello world" });
  const declares = (name: string, tags: Record<string, typeof int>, letter: string) =>
    defineModule(name, {
      options: {
        value: mkOption({
          type: types.attrsOf(
            types.attrTag({
              ...tags,
              both: mkOption({ type: types.enum([letter]), description: "a letter" }),
            }),
          ),
          description: "tagged",
        }),
      },
    });
  const one = declares("one", { yes: int }, "a");
  const two = declares("two", { no: int }, "b");
  const value = { w: { yes: 1 }, x: { no: 2 }, y: { both: "a" }, z: { both: "b" } };
  const defines = uses(one).module("defines", {}, ({ define }) => define({ value: value as never }));
  assert.deepEqual(evalModules({ modules: [one, two, defines] }).config.value, value);
  assert.deepEqual(
    describeOptions([one, two]).map(({ name, type }) => `${name}: ${type}`),
    [
      "value: attribute set of attribute-tagged union with choices: no, both, yes",
      'value.<name>.both: one of "b", "a"',
      "value.<name>.no: signed integer",
      "value.<name>.yes: signed integer",
    ],
  );
});

test("what is not exactly one tag is refused, and the message names the tags", () => {
  for (const value of [
    1,
    {},
    { a: true, b: true },
    mkMerge([{ a: true }, { b: true }]),
    mkMerge([{ left: () => assert.fail("forced") }, { right: () => assert.fail("forced") }]),
  ]) {
    const text = failure(() => evaluate(tagged, value));
    for (const each of [/value/, /left/, /right/]) assert.match(text, each);
  }
});

test("a tag that does not exist is refused", () => {
  assert.match(
    failure(() => evaluate(tagged, { rite: () => assert.fail("forced") })),
    /rite/,
  );
});

test("a wrong value under a tag is reported with its path, in nested unions too", () => {
  assert.match(
    failure(() => evaluate(types.attrsOf(tagged), { bad: { left: "bad" } })),
    /value\.bad\.left/,
  );
  const nested = types.attrTag({ left: int, right: mkOption({ type: tagged, description: "nested" }) });
  assert.match(
    failure(() => evaluate(nested, { right: { left: "not a number" } })),
    /value\.right\.left/,
  );
});

test("a tag that is given a bare type is refused", () => {
  assert.match(
    failure(() => types.attrTag({ int: types.int as never })),
    /int/,
  );
});
