/** Submodules: options whose values are configurations of their own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkMerge, mkOption, types, uses } from "../../../src/modules/index.ts";
import { failure } from "../../support/modules.ts";

const int = (value: number) => mkOption({ type: types.int, default: value, description: "a number" });
const flag = mkOption({ type: types.bool, default: false, description: "a switch" });

const bare = defineModule("bare", {
  options: {
    bare: mkOption({ type: types.submodule({ options: {} }), default: {}, description: "a submodule" }),
  },
});
const nested = defineModule("nested", { options: { bare: { nested: int(1) } } });
const deep = defineModule("deep", { options: { bare: { deep: int(2) } } });

test("an option inside of a submodule is declared by another module, with its default", () => {
  assert.deepEqual(evalModules({ modules: [bare, nested] }).config.bare, { nested: 1 });
  assert.deepEqual(evalModules({ modules: [bare, deep] }).config.bare, { deep: 2 });
});

test("options of a submodule that several modules declare are all defined", () => {
  const values = uses(bare, nested, deep).module("values", {}, ({ define }) =>
    define({ bare: { nested: 42, deep: 420 } }),
  );
  assert.deepEqual(evalModules({ modules: [values] }).config.bare, { deep: 420, nested: 42 });
});

test("declaring an option inside of a submodule twice with different defaults names both places", () => {
  const again = defineModule("again", { options: { bare: { deep: int(3) } } });
  const text = failure(() => JSON.stringify(evalModules({ modules: [bare, deep, again] }).config.bare));
  for (const each of [/in the submodule bare, the option deep/, /module deep/, /module again/])
    assert.match(text, each);
});

test("a submodule gets arguments of its own", () => {
  const greets = defineModule(
    "greets",
    {
      args: { word: types.string },
      options: { word: mkOption({ type: types.string, description: "a word" }) },
    },
    ({ args, define }) => define({ word: args.word }),
  );
  const outer = defineModule("outer", {
    options: {
      sub: mkOption({
        type: types.submoduleWith({ modules: [greets], specialArgs: { word: "foo" } }),
        default: {},
        description: "a submodule",
      }),
    },
  });
  assert.equal(evalModules({ modules: [outer] }).config.sub.word, "foo");
});

test("a submodule may have an option called config", () => {
  const outer = defineModule("outer", {
    options: {
      sub: mkOption({
        type: types.submodule({ options: { config: flag } }),
        default: {},
        description: "a submodule",
      }),
    },
  });
  const value = (definition: unknown) => {
    const defines = uses(outer).module("defines", {}, ({ define }) => define({ sub: definition as never }));
    return evalModules({ modules: [defines] }).config.sub.config;
  };
  assert.equal(value({ config: true }), true);
  for (const wrong of [{ config: { config: true } }, true])
    assert.match(
      failure(() => value(wrong)),
      /module defines/,
    );
});

const inner = defineModule("inner", { options: { inner: flag } });
const outer = defineModule("outer", { options: { outer: flag } });

test("modules of the type and of the definitions make one evaluation", () => {
  const declares = defineModule("declares", {
    options: { sub: mkOption({ type: types.submodule(inner), default: {}, description: "a submodule" }) },
  });
  const defines = uses(declares).module("defines", {}, ({ define }) =>
    define({ sub: mkMerge([outer, { inner: true, outer: true } as object]) }),
  );
  assert.deepEqual(evalModules({ modules: [defines] }).config.sub, { inner: true, outer: true });
});

test("a submodule type describes itself without being evaluated", () => {
  const modules = [inner, defineModule("fails", {}, () => assert.fail("evaluated"))];
  assert.equal(types.submodule(modules).description, "submodule");
});

test("a submodule knows its name", () => {
  const named = defineModule(
    "named",
    { options: { name: mkOption({ type: types.string, description: "its name" }) } },
    ({ name, define }) => define({ name }),
  );
  const declares = defineModule("declares", {
    options: { foo: mkOption({ type: types.attrsOf(types.submodule(named)), description: "submodules" }) },
  });
  const defines = uses(declares).module("defines", {}, ({ define }) =>
    define({ foo: { bar: {}, "a b": {} } }),
  );
  assert.deepEqual(evalModules({ modules: [defines] }).config.foo, {
    "a b": { name: "a b" },
    bar: { name: "bar" },
  });
});

test("a definition inside of a submodule keeps its module and place", () => {
  const declares = defineModule("declares", {
    options: {
      sub: mkOption({
        type: types.submodule({ options: { value: int(0) } }),
        default: {},
        description: "sub",
      }),
    },
  });
  const defines = uses(declares).module("defines", {}, ({ define }) =>
    define({ sub: { value: "ten" as never } }),
  );
  const text = failure(() => evalModules({ modules: [defines] }).config.sub.value);
  for (const each of [/sub\.value/, /module defines at .*submodules\.test\.ts:\d+/]) assert.match(text, each);
});
