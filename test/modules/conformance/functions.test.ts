/** Functions as values, whose results are checked and merged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  describeOptions,
  evalModules,
  mkAfter,
  mkBefore,
  mkForce,
  mkOption,
  mkValue,
  types,
  uses,
} from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

type Input = Readonly<Record<string, string>>;
const letters = { a: "a", b: "b", c: "c" };

test("functionTo gives a function that checks its result", () => {
  assert.equal(
    evaluate(
      types.functionTo(types.string),
      mkValue((input: string) => `input is ${input}`),
    )("input"),
    "input is input",
  );
});

test("functionTo merges the results of several functions", () => {
  const call = evaluate(
    types.functionTo(types.listOf(types.string)),
    mkValue((input: Input) => [input["b"]]),
    mkValue((input: Input) => [input["a"]]),
  );
  assert.deepEqual(call(letters), ["a", "b"]);
});

test("functionTo reports a wrong result with the option and the definition", () => {
  const call = evaluate(
    types.functionTo(types.string),
    mkValue((input: number) => input + 1),
  );
  const text = failure(() => call(0));
  for (const each of [/value/, /string/, /definition 0/]) assert.match(text, each);
});

test("functionTo keeps mkBefore and mkAfter of the results", () => {
  const call = evaluate(
    types.functionTo(types.listOf(types.string)),
    mkValue((input: Input) => mkBefore([input["c"]])),
    mkValue((input: Input) => [input["b"]]),
    mkValue((input: Input) => mkAfter([input["a"]])),
  );
  assert.deepEqual(call(letters), ["c", "b", "a"]);
});

test("functionTo keeps priorities inside of the results", () => {
  const call = evaluate(
    types.functionTo(types.attrsOf(types.string)),
    mkValue((input: Input) => ({ a: input["a"] })),
    mkValue((input: Input) => ({ b: input["b"] })),
    mkValue((input: Input) => ({ b: mkForce(input["c"]) })),
  );
  assert.deepEqual(call(letters), { a: "a", b: "c" });
});

test("functionTo a submodule declared twice has the options of both", () => {
  const declares = (name: string) =>
    defineModule(name, {
      options: {
        call: mkOption({
          type: types.functionTo(
            types.submodule({
              options: { [name]: mkOption({ type: types.string, default: name, description: name }) },
            }),
          ),
          description: "call",
        }),
      },
    });
  const a = declares("a");
  const b = declares("b");
  const bee = uses(b).module("bee", {}, ({ define }) =>
    define({ call: mkValue(() => ({ b: "bee" })) as never }),
  );
  const { call } = evalModules({ modules: [a, b, bee] }).config;
  assert.deepEqual({ ...call(() => assert.fail("read the input")) }, { a: "a", b: "bee" });
});

test("the options of a function's result are documented with a placeholder", () => {
  const type = types.functionTo(types.submodule({ options: { a: mkOption({ type: types.string }) } }));
  const call = defineModule("call", { options: { call: mkOption({ type, description: "call" }) } });
  assert.deepEqual(
    describeOptions([call]).map(({ name }) => name),
    ["call", "call.<function body>.a"],
  );
});
