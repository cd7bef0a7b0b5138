/** Types that do not say what is in a value: anything, raw, unique. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mkBefore, mkDefault, mkForce, mkIf, mkMerge, mkValue, types } from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

const unique = types.unique(
  "One place decides, because the parts depend on each other.",
  types.attrsOf(types.string),
);

test("anything merges nested records", () => {
  assert.deepEqual(
    evaluate(
      types.anything,
      { a: null },
      { b: { a: null } },
      { b: { c: { a: null } } },
      { b: { c: { d: { a: null } } } },
    ),
    { a: null, b: { a: null, c: { a: null, d: { a: null } } } },
  );
});

test("anything refuses lists that differ", () => {
  assert.match(
    failure(() => evaluate(types.anything, ["a"], ["b"])),
    /value/,
  );
});

test("anything accepts equal definitions of every kind of plain value", () => {
  const value = { int: 0, bool: false, text: "", null: null, float: 0.1, list: [1, "a", { x: null }] };
  assert.deepEqual(evaluate(types.anything, value, structuredClone(value)), value);
});

test("functions whose results cannot be merged are refused", () => {
  const value = evaluate(
    types.anything,
    { f: mkValue((x: unknown) => ({ x })) },
    { f: mkValue((x: unknown) => [x]) },
  ) as { f: (x: null) => unknown };
  assert.match(
    failure(() => value.f(null)),
    /value\.f/,
  );
});

test("anything gives a function for a single function", () => {
  const value = evaluate(types.anything, { f: mkValue((x: unknown) => x) }) as { f: (x: number) => unknown };
  assert.equal(value.f(1), 1);
});

test("anything merges the results of functions", () => {
  const value = evaluate(
    types.anything,
    { f: mkValue((x: unknown) => ({ x })) },
    { f: mkValue((y: unknown) => ({ y })) },
  ) as { f: (x: null) => unknown };
  assert.deepEqual(value.f(null), { x: null, y: null });
});

test("anything applies mkIf, mkDefault, mkMerge, mkBefore and mkForce at every depth", () => {
  assert.deepEqual(
    evaluate(
      types.anything,
      { off: mkIf(false, {}) },
      { on: mkIf(true, {}) },
      { weak: mkDefault(0) },
      { weak: 1 },
      { merged: mkMerge([{}]) },
      { before: mkBefore(true) },
      {
        nested: mkMerge([
          { a: mkDefault(0), b: mkIf(false, 0) },
          mkIf(true, { a: mkIf(true, mkForce(1)), b: { c: mkDefault("c") } }),
        ]),
      },
    ),
    { on: {}, weak: 1, merged: {}, before: true, nested: { a: 1, b: { c: "c" } } },
  );
});

test("unique refuses two definitions, with the message of its author", () => {
  const text = failure(() => evaluate(unique, { a: "a" }, { b: "b" }));
  for (const each of [/value/, /definition 0/, /definition 1/, /One place decides, because/])
    assert.match(text, each);
});

test("unique checks the value by its inner type, and only when it is read", () => {
  const value = evaluate(types.lazyAttrsOf(unique), { good: { a: "a" }, bad: { a: true } });
  assert.deepEqual(value["good"], { a: "a" });
  assert.match(
    failure(() => value["bad"]?.["a"]),
    /value\.bad\.a.*string/,
  );
});

test("unique accepts a definition that forces another away", () => {
  assert.deepEqual(evaluate(unique, { a: "a" }, mkForce({ b: "b" })), { b: "b" });
});

test("raw does not look into its value", () => {
  const value = {
    get inside(): never {
      return assert.fail("looked into");
    },
  };
  assert.equal(evaluate(types.raw, value), value);
});

test("raw applies conditions", () => {
  assert.equal(evaluate(types.raw, mkIf(true, 10)), 10);
});

test("raw refuses two definitions even if they are equal", () => {
  assert.match(
    failure(() => evaluate(types.raw, mkMerge(["foo", "foo"]))),
    /value/,
  );
});

test("raw applies priorities", () => {
  assert.equal(evaluate(types.raw, mkMerge(["foo", mkForce("bar")])), "bar");
});
