/** Arguments of modules, and definitions of what does not exist. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkOption, types, uses } from "../../../src/modules/index.ts";
import { failure } from "../../support/modules.ts";

const enable = defineModule("enable", {
  options: { enable: mkOption({ type: types.bool, default: false, description: "whether it is on" }) },
});
const custom = uses(enable).module("wants", { args: { custom: types.bool } }, ({ args, define }) =>
  define({ enable: args.custom }),
);

test("an argument that a module wants is passed", () => {
  assert.equal(evalModules({ modules: [enable, custom], specialArgs: { custom: true } }).config.enable, true);
});

test("an argument that nobody gives is reported with module and argument", () => {
  const text = failure(
    () => evalModules({ modules: [enable, custom], specialArgs: {} as never }).config.enable,
  );
  for (const each of [/custom/, /module wants/]) assert.match(text, each);
});

test("a definition of an unknown option is refused", () => {
  const wrong = uses(enable).module("wrong", {}, ({ define }) =>
    define({ enable: true, sub: { foo: {} } } as never),
  );
  const text = failure(() => evalModules({ modules: [enable, wrong] }).config.enable);
  for (const each of [/sub/, /module wrong/]) assert.match(text, each);
});
