/** Which modules take part: imports, keys, disabled modules, and what is no module. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkIf, mkOption, types, uses } from "../../../src/modules/index.ts";
import { failure } from "../../support/modules.ts";

const enable = defineModule("enable", {
  options: { enable: mkOption({ type: types.bool, default: false, description: "whether it is on" }) },
});
const on = uses(enable).module("on", {}, ({ define }) => define({ enable: true }));
const lines = defineModule("lines", {
  options: { lines: mkOption({ type: types.lines, default: "", description: "lines" }) },
});

test("a function of arguments that gives a module is imported by calling it", () => {
  const pear = (fruit: string) => uses(lines).module("fruit", {}, ({ define }) => define({ lines: fruit }));
  const imports = defineModule("imports", { imports: [pear("abc"), pear("def")] });
  assert.equal(evalModules({ modules: [lines, imports] }).config.lines, "def\nabc");
});

test("a module that defines and one that declares work in any order", () => {
  for (const modules of [[enable, on] as const, [on, enable] as const])
    assert.equal(evalModules({ modules }).config.enable, true);
});

test("a disabled module defines nothing", () => {
  const without = defineModule("without", { disabledModules: [on] });
  assert.equal(evalModules({ modules: [enable, on, without] }).config.enable, false);
});

test("a definition whose declaring module is disabled is reported as unknown", () => {
  const without = defineModule("without", { disabledModules: [enable] });
  const text = failure(() => evalModules({ modules: [enable, on, without] }).config.enable);
  for (const each of [/enable/, /module on/]) assert.match(text, each);
});

test("an option whose declaring and defining modules are disabled does not exist", () => {
  const without = defineModule("without", { disabledModules: [on, enable] });
  assert.deepEqual(Object.keys(evalModules({ modules: [enable, on, without] }).config), []);
});

test("a module with a key is disabled by it", () => {
  const named = () =>
    uses(enable).module("named", { key: "named" }, ({ define }) => define({ enable: true }));
  const without = defineModule("without", { disabledModules: [named()] });
  assert.equal(evalModules({ modules: [enable, named()] }).config.enable, true);
  assert.equal(evalModules({ modules: [enable, named(), without] }).config.enable, false);
});

test("disabling what is no module is refused", () => {
  const text = failure(() => defineModule("wrong", { disabledModules: [{} as never] }));
  for (const each of [/disabledModules of module wrong/, /not a module/]) assert.match(text, each);
});

test("a module that two others import takes part once", () => {
  const apple = uses(lines).module("apple", {}, ({ define }) => define({ lines: "apple" }));
  const one = defineModule("one", { imports: [apple] });
  const two = defineModule("two", { imports: [apple] });
  assert.equal(evalModules({ modules: [lines, one, two] }).config.lines, "apple");
});

const viaOne = defineModule("viaOne", { imports: [enable] });
const viaTwo = defineModule("viaTwo", { imports: [enable] });
const options = (...disabledModules: readonly (typeof viaOne)[]) => {
  const without = defineModule("without", { disabledModules });
  return Object.keys(evalModules({ modules: [viaOne, viaTwo, without] }).config);
};

test("a module stays when one of two that import it is disabled", () => {
  for (const each of [viaOne, viaTwo]) assert.deepEqual(options(each), ["enable"]);
});

test("a module goes when both that import it are disabled", () => {
  assert.deepEqual(options(viaOne, viaTwo), []);
});

test("a value that is no module is refused in imports", () => {
  for (const value of [{}, undefined, null, "file.ts", () => ({}), { options: {} }]) {
    const text = failure(() => defineModule("wrong", { imports: [value as never] }));
    for (const each of [/imports of module wrong/, /not a module/]) assert.match(text, each);
  }
});

test("a condition in place of a module is refused", () => {
  assert.match(
    failure(() => defineModule("wrong", { imports: [mkIf(true, on) as never] })),
    /not a module/,
  );
});

test("an evaluation in place of a module is refused, with what to do instead", () => {
  const evaluation = evalModules({ modules: [enable] });
  const text = failure(() => defineModule("wrong", { imports: [evaluation as never] }));
  for (const each of [/imports of module wrong/, /not a module/, /hint: make modules with defineModule/])
    assert.match(text, each);
});

test("a module imported twice by its key takes part once", () => {
  const pear = () => uses(lines).module("pear", { key: "pear" }, ({ define }) => define({ lines: "pear" }));
  assert.equal(evalModules({ modules: [lines, pear(), pear()] }).config.lines, "pear");
});

test("equal modules without key take part twice", () => {
  const pear = () => uses(lines).module("pear", {}, ({ define }) => define({ lines: "pear" }));
  assert.equal(evalModules({ modules: [lines, pear(), pear()] }).config.lines, "pear\npear");
});
