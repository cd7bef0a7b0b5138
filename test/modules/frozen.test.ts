/** Nobody changes a value that others read, in this evaluation or in the next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkOption, type Option, types } from "cleave/modules";

/** Push to a list that the compiler may know as read-only. */
function push(list: unknown): void {
  assert.ok(Array.isArray(list));
  assert.throws(() => list.push("changed"), TypeError);
}

const read = <V>(option: Option<V>, definitions?: { readonly x: unknown }) =>
  evalModules({ modules: [defineModule("m", { options: { x: option } })] }, definitions as never).config
    .x as V;

test("what apply makes of a value is frozen, that of a default too", () => {
  const apply = (all: readonly string[]) => ({ all: [...all], deep: { of: [all.length] } });
  const option = mkOption({ type: types.listOf(types.string), default: ["a"], apply });
  for (const value of [read(option), read(option, { x: ["b"] })]) {
    push(value.all);
    push(value.deep.of);
    assert.ok(Object.isFrozen(value) && Object.isFrozen(value.deep));
  }
});

test("what apply makes of a default is made for each evaluation where somebody could change it", () => {
  const option = mkOption({ type: types.int, default: 1, apply: () => new Map<string, number>() });
  const module = defineModule("m", { options: { x: option } });
  evalModules({ modules: [module] }).config.x.set("changed", 1);
  assert.equal(evalModules({ modules: [module] }).config.x.size, 0);
});

test("lists of anything are frozen copies, records in them too", () => {
  const written = [["a"], { b: ["c"] }] as const;
  const option = mkOption({ type: types.anything, default: written });
  for (const value of [read(option), read(option, { x: written })]) {
    assert.deepEqual(value, written);
    assert.ok(Array.isArray(value));
    push(value);
    push(value[0]);
    push(Reflect.get(value[1] as object, "b"));
  }
  assert.equal(Object.isFrozen(written[0]), false);
});

test("a list of a class that extends Array becomes a plain list", () => {
  class Texts extends Array<string> {}
  const value = read(mkOption({ type: types.listOf(types.string) }), { x: Texts.from(["a"]) });
  assert.equal(Object.getPrototypeOf(value), Array.prototype);
  assert.deepEqual(value, ["a"]);
});

test("what is known about an option beside its value cannot be changed", () => {
  const flags = mkOption({ type: types.listOf(types.string), default: ["a"], example: ["-v"] });
  const module = defineModule("m", { options: { flags } });
  const { options } = evalModules({ modules: [module] }, { flags: ["b"] });
  push(options.flags.default);
  push(options.flags.example);
  push(options.flags.definitions[0]?.value);
  assert.deepEqual(evalModules({ modules: [module] }).config.flags, ["a"]);
});

test("the value of a submodule's default knows the path that it has in each evaluation", () => {
  const inner = types.submodule({ options: { n: mkOption({ type: types.int }) } });
  const outer = types.submodule({ options: { inner: mkOption({ type: inner, default: {} }) } });
  const value = read(mkOption({ type: types.attrsOf(outer), default: {} }), { x: { a: {}, b: {} } });
  for (const name of ["a", "b"])
    assert.throws(() => value[name]?.inner.n, { message: new RegExp(`option x\\.${name}\\.inner\\.n `) });
});
