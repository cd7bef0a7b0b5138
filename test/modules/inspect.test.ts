/** What is known about options beside their values, as modules and whoever evaluates them see it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  evalModules,
  mkIf,
  mkMerge,
  mkOption,
  mkRenamedOption,
  types,
  uses,
} from "cleave/modules";

/** A submodule whose `set` says whether somebody defined `level`. */
const part = defineModule(
  "part",
  {
    options: { level: mkOption({ type: types.int, default: 1 }), set: mkOption({ type: types.bool }) },
  },
  ({ options, define }) => define({ set: () => options.level.highestPriority < 1500 }),
);

const partsOf = defineModule("parts", {
  options: {
    list: mkOption({ type: types.listOf(types.submodule(part)), default: [] }),
    applied: mkOption({ type: types.submodule(part), default: {}, apply: ({ set }) => ({ set: () => set }) }),
    lazy: mkOption({ type: types.lazyAttrsOf(types.submodule(part)), default: {} }),
  },
});

test("a submodule knows about its options wherever it stands", () => {
  const { config } = evalModules(
    { modules: [partsOf] },
    mkMerge([
      { list: [mkIf(false, { level: 0 }), { level: 2 }, {}], applied: { level: 2 } },
      { list: [{}, { level: 3 }], lazy: { a: { level: 4 }, b: {} } },
    ]),
  );
  assert.deepEqual(
    config.list.map(({ set }) => set),
    [true, false, false, true],
  );
  assert.equal(config.applied.set(), true);
  assert.deepEqual([config.lazy["a"]?.set, config.lazy["b"]?.set], [true, false]);
});

test("a module that asks late what is known about its options is answered", () => {
  const late = defineModule(
    "late",
    { options: { a: mkOption({ type: types.int, default: 1 }), b: mkOption({ type: types.bool }) } },
    (context) => context.define({ b: () => context.options.a.highestPriority === 100 }),
  );
  const outer = defineModule("outer", {
    options: { all: mkOption({ type: types.listOf(types.submodule(late)) }) },
  });
  const { config } = evalModules({ modules: [outer] }, mkMerge([{ all: [{ a: 2 }] }, { all: [{}] }]));
  assert.deepEqual(
    config.all.map(({ b }) => b),
    [true, false],
  );
});

test("asking about an option runs its conditions once, and the bodies of modules once more at most", () => {
  const runs = { bodies: 0, conditions: 0 };
  const base = defineModule("base", {
    options: { a: mkOption({ type: types.int, default: 1 }), b: mkOption({ type: types.int, default: 2 }) },
  });
  const counts = uses(base).package("counts", ({ define }) => {
    runs.bodies += 1;
    return define({
      a: mkIf(() => {
        runs.conditions += 1;
        return true;
      }, 5),
    });
  });
  const { options, config } = evalModules({ modules: [counts] });
  assert.equal(config.a, 5);
  assert.deepEqual(runs, { bodies: 1, conditions: 1 });
  for (const { isDefined, highestPriority, definitions } of [options.a, options.b, options.a])
    assert.ok(isDefined && highestPriority > 0 && definitions.length === 1);
  assert.deepEqual(runs, { bodies: 2, conditions: 2 });
});

test("a chain of 10,000 options that ask whether the next is defined does not overflow the stack", () => {
  const names = Array.from({ length: 10_000 }, (_, index) => `o${index}`);
  const many = defineModule("many", {
    options: Object.fromEntries(names.map((name) => [name, mkOption({ type: types.bool })])),
  });
  const chain = uses(many).package("chain", ({ options, define }) =>
    define(
      Object.fromEntries(
        names.map((name, index) => [
          name,
          mkIf(() => index + 1 === names.length || options[`o${index + 1}`]?.isDefined === true, true),
        ]),
      ),
    ),
  );
  assert.equal(evalModules({ modules: [chain] }).config["o0"], true);
  assert.equal(evalModules({ modules: [chain] }).options["o0"]?.isDefined, true);
});

test("a definition under an old name is one warning, however often it was looked at", () => {
  const x = mkOption({ type: types.int, default: 0 });
  const inner = defineModule(
    "inner",
    { options: { x, old: mkRenamedOption(x), set: mkOption({ type: types.bool }) } },
    (context) => context.define({ set: () => context.options.x.isDefined }),
  );
  const outer = defineModule("outer", {
    options: { s: mkOption({ type: types.addCheck(types.submodule(inner), ({ x }) => x > 0) }) },
  });
  const evaluated = evalModules({ modules: [outer] }, { s: { old: 2 } });
  assert.equal(evaluated.config.s.set, true);
  assert.equal(evaluated.warnings.length, 1);
});
