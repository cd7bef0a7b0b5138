/** Lists, records, lazy records, and the empty values of types. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkIf, mkOption, types, uses } from "../../../src/modules/index.ts";
import { evaluate, failure } from "../../support/modules.ts";

const never = mkIf(false, () => assert.fail("forced"));
const submodule = types.submodule({
  options: {
    on: mkOption({ type: types.bool, default: true, description: "on" }),
    count: mkOption({ type: types.int, default: 13, description: "count" }),
  },
});

test("attrsOf forces its values when its names are asked for", () => {
  const forced: string[] = [];
  const force = (name: string) => {
    forced.push(name);
    return name;
  };
  const value = evaluate(types.attrsOf(types.string), {
    a: mkIf(() => force("condition") !== "", "a"),
    b: () => force("value"),
  });
  assert.equal("c" in value, false);
  assert.deepEqual(forced, ["condition", "value"]);
});

test("lazyAttrsOf gives its names without forcing a value", () => {
  const value = evaluate(types.lazyAttrsOf(types.string), {
    a: mkIf(() => assert.fail("condition forced"), "a"),
    b: () => assert.fail("value forced"),
  });
  assert.deepEqual(Object.keys(value), ["a", "b"]);
  assert.equal("a" in value, true);
});

test("attrsOf leaves out an entry whose every definition is conditioned away", () => {
  assert.deepEqual(evaluate(types.attrsOf(types.string), { a: never, b: "b" }), { b: "b" });
});

test("lazyAttrsOf keeps an entry whose every definition is conditioned away", () => {
  assert.deepEqual(Object.keys(evaluate(types.lazyAttrsOf(types.listOf(types.string)), { a: never })), ["a"]);
});

test("lazyAttrsOf gives an entry that is conditioned away the empty value of its type", () => {
  assert.deepEqual(evaluate(types.lazyAttrsOf(types.listOf(types.int)), { a: never })["a"], []);
  assert.deepEqual(evaluate(types.lazyAttrsOf(types.attrsOf(types.int)), { a: never })["a"], {});
  assert.deepEqual(evaluate(types.lazyAttrsOf(types.nullOr(types.int)), { a: never })["a"], null);
  assert.deepEqual(evaluate(types.lazyAttrsOf(submodule), { a: never })["a"], { on: true, count: 13 });
});

test("lazyAttrsOf of a type without empty value reports such an entry as not defined", () => {
  for (const type of [types.int, types.nonEmptyListOf(types.int)]) {
    const value = evaluate(types.lazyAttrsOf<unknown, unknown>(type), { a: never });
    assert.match(
      failure(() => value["a"]),
      /value\.a is read/,
    );
  }
});

test("a lazy and a strict set cannot be declared for one option", () => {
  const lazy = defineModule("lazy", {
    options: { set: mkOption({ type: types.lazyAttrsOf(types.int), description: "set" }) },
  });
  const strict = defineModule("strict", {
    options: { set: mkOption({ type: types.attrsOf(types.int), description: "set" }) },
  });
  const text = failure(() => evalModules({ modules: [lazy, strict] }).config.set);
  for (const each of [/set/, /lazy/, /strict/]) assert.match(text, each);
});

test("an entry of a lazy set can depend on another", () => {
  const set = defineModule("set", {
    options: { set: mkOption({ type: types.lazyAttrsOf(types.int), description: "set" }) },
  });
  const entries = uses(set).module("entries", {}, ({ config, define }) =>
    define({ set: { a: () => (config.set["b"] ?? 0) + 1, b: 10 } }),
  );
  assert.equal(evalModules({ modules: [set, entries] }).config.set["a"], 11);
});

test("an entry of a strict set cannot depend on another", () => {
  const set = defineModule("set", {
    options: { set: mkOption({ type: types.attrsOf(types.int), description: "set" }) },
  });
  const entries = uses(set).module("entries", {}, ({ config, define }) =>
    define({ set: { a: () => (config.set["b"] ?? 0) + 1, b: 10 } }),
  );
  assert.match(
    failure(() => evalModules({ modules: [set, entries] }).config.set["a"]),
    /set/,
  );
});

test("sets with different placeholders cannot be declared for one option", () => {
  const named = (name: string, placeholder: string) =>
    defineModule(name, {
      options: {
        set: mkOption({ type: types.attrsWith({ elemType: types.int, placeholder }), description: "set" }),
      },
    });
  const text = failure(
    () => evalModules({ modules: [named("one", "id"), named("two", "other")] }).config.set,
  );
  for (const each of [/set/, /one/, /two/]) assert.match(text, each);
});

test("an empty list is refused where one element is needed", () => {
  assert.match(
    failure(() => evaluate(types.nonEmptyListOf(submodule), [])),
    /non-empty/,
  );
});

test("an option without default has the empty value of its type", () => {
  assert.deepEqual(evaluate(types.listOf(types.int)), []);
  assert.deepEqual(evaluate(types.attrsOf(types.int)), {});
  assert.deepEqual(evaluate(types.attrsOf(types.anything)), {});
  assert.deepEqual(evaluate(types.nullOr(types.int)), null);
  assert.deepEqual(evaluate(types.submodule({ options: {} })), {});
});

test("uniq and coercedTo pass the empty value of their inner type on", () => {
  assert.deepEqual(evaluate(types.unique("one only", types.listOf(types.int))), []);
  assert.deepEqual(
    evaluate(types.coercedTo(types.attrsOf(types.int), Object.keys, types.listOf(types.string))),
    [],
  );
});

test("an option of a type without empty value is reported as not defined", () => {
  assert.match(
    failure(() => evaluate(types.int)),
    /option value /,
  );
});

test("the empty value of a submodule has the defaults of its options", () => {
  assert.deepEqual(evaluate(submodule), { on: true, count: 13 });
});
