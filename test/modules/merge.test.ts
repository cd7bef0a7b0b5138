/** Merging where types meet each other; found by the tests in `referee/`, which need nixpkgs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  evalModules,
  mkForce,
  mkMerge,
  mkOption,
  types,
  uses,
} from "../../src/modules/index.ts";
import { evaluate } from "../support/modules.ts";

test("a priority of a submodule's definition as a whole says nothing of the options inside", () => {
  const inner = types.submodule({ options: { name: mkOption({ type: types.string, default: "inner" }) } });
  const outer = defineModule("outer", {
    options: { sub: mkOption({ type: inner, default: { name: "outer" } }) },
  });
  assert.equal(evalModules({ modules: [outer] }).config.sub.name, "outer");
  const forced = uses(outer).package("forced", ({ define }) => define({ sub: mkForce({ name: "whole" }) }));
  const within = uses(outer).package("within", ({ define }) =>
    define({ sub: mkForce({ name: mkForce("within") }) }),
  );
  assert.equal(evalModules({ modules: [forced, within] }).config.sub.name, "within");
});

test("either goes on to its second type where the first takes one definition only and fits none", () => {
  assert.equal(evaluate(types.either(types.uniq(types.lines), types.int), 7, 7), 7);
});

test("texts that are joined have their separator between them", () => {
  const module = defineModule("module", {
    options: {
      lines: mkOption({ type: types.lines }),
      commas: mkOption({ type: types.commas }),
      envVar: mkOption({ type: types.envVar }),
      words: mkOption({ type: types.separatedString(" ") }),
    },
  });
  const both = mkMerge<string>(["a", "b"]);
  const { config } = evalModules(
    { modules: [module] },
    { lines: both, commas: both, envVar: both, words: both },
  );
  assert.deepEqual({ ...config }, { commas: "a,b", envVar: "a:b", lines: "a\nb", words: "a b" });
});
