/** Second and former names of options. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  evalModules,
  mkAliasOption,
  mkDefault,
  mkForce,
  mkOption,
  mkRenamedOption,
  types,
  uses,
} from "../../../src/modules/index.ts";

const alias = defineModule("alias", {
  options: {
    enable: mkOption({ type: types.nullOr(types.bool), default: null, description: "a switch" }),
    enableAlias: mkAliasOption<boolean | null, boolean | null>(["enable"]),
  },
});
const on = uses(alias).module("on", {}, ({ define }) => define({ enable: true }));

test("a definition by an alias keeps its low priority", () => {
  const weak = uses(alias).module("weak", {}, ({ define }) => define({ enableAlias: mkDefault(false) }));
  const { config } = evalModules({ modules: [alias, weak, on] });
  assert.deepEqual([config.enable, config.enableAlias], [true, true]);
});

test("a definition by an alias keeps its high priority", () => {
  const strong = uses(alias).module("strong", {}, ({ define }) => define({ enableAlias: mkForce(false) }));
  const { config } = evalModules({ modules: [alias, strong, on] });
  assert.deepEqual([config.enable, config.enableAlias], [false, false]);
});

const renamed = defineModule("renamed", {
  options: {
    a: { b: mkRenamedOption<number, number>(["c", "d", "e"]) },
    c: { d: { e: mkOption({ type: types.int, default: 0, description: "a number" }) } },
  },
});
const old = uses(renamed).module("old", {}, ({ define }) => define({ a: { b: 1234 } }));

test("a renamed option works without an option for warnings", () => {
  assert.equal(evalModules({ modules: [renamed, old] }).config.c.d.e, 1234);
});

test("a renamed option warns with both names and the place of the definition", () => {
  const { warnings } = evalModules({ modules: [renamed, old] });
  assert.equal(warnings.length, 1);
  for (const each of [/a\.b/, /c\.d\.e/, /module old at .*renames\.test\.ts:\d+/])
    assert.match(warnings[0] ?? "", each);
  assert.deepEqual(evalModules({ modules: [renamed] }).warnings, []);
});
