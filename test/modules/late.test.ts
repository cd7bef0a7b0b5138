/** Thunks in place of records of options: what they define is known when one of those options is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  evalModules,
  mkAliasOption,
  mkIf,
  mkMerge,
  mkOption,
  types,
  uses,
} from "cleave/modules";

const list = mkOption({ type: types.listOf(types.string), default: [] });
const base = defineModule("base", {
  options: {
    list,
    on: mkOption({ type: types.bool, default: true }),
    meta: {
      name: mkOption({ type: types.string, default: "none" }),
      old: mkAliasOption(list),
      deep: { level: mkOption({ type: types.int, default: 0 }) },
    },
  },
});

test("a thunk in place of a record runs once, when an option below it is read", () => {
  let runs = 0;
  const module = uses(base).package("late", ({ config, define }) =>
    define({
      meta: () => {
        runs += 1;
        return { name: config.on ? "on" : "off", deep: () => ({ level: config.list.length }) };
      },
    }),
  );
  const { config } = evalModules({ modules: [module] });
  assert.equal(config.on, true);
  assert.equal(runs, 0);
  assert.equal(config.meta.deep.level, 0);
  assert.equal(config.meta.name, "on");
  assert.equal(runs, 1);
});

test("what it defines under a second name counts for the option that the name stands for", () => {
  const module = uses(base).package("late", ({ define }) => define({ meta: () => ({ old: ["late"] }) }));
  const { config } = evalModules({ modules: [module] }, { list: ["early"] });
  assert.deepEqual(config.list, ["early", "late"]);
});

test("its definitions keep the place that its module has among the others", () => {
  const late = uses(base).package("late", ({ define }) => define(() => ({ list: ["late"] })));
  const first = uses(base).package("first", ({ define }) => define({ list: ["first"] }));
  const last = uses(base).package("last", ({ define }) => define({ list: ["last"] }));
  const plain = uses(base).package("late", ({ define }) => define({ list: ["late"] }));
  assert.deepEqual(
    evalModules({ modules: [last, late, first] }).config.list,
    evalModules({ modules: [last, plain, first] }).config.list,
  );
});

test("conditions around it are those of its definitions; it runs for their names all the same", () => {
  const module = uses(base).package("late", ({ config, define }) =>
    define(
      mkMerge([
        mkIf(
          () => config.on,
          () => ({ meta: { name: "held" } }),
        ),
        mkIf(
          () => !config.on,
          () => ({ list: ["never"] }),
        ),
      ]),
    ),
  );
  const { config } = evalModules({ modules: [module] });
  assert.deepEqual(config.list, []);
  assert.equal(config.meta.name, "held");
  const below = uses(base).package("below", ({ config, define }) =>
    define({
      meta: mkIf(
        () => config.on,
        () => ({ name: "held" }),
      ),
    }),
  );
  assert.equal(evalModules({ modules: [below] }).config.meta.name, "held");
  assert.equal(evalModules({ modules: [below] }, { on: false }).config.meta.name, "none");
});
