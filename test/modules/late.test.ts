/** Thunks in place of records of options: what they define is known when one of those options is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Definable,
  defineModule,
  evalModules,
  mkAliasOption,
  mkBefore,
  mkIf,
  mkMerge,
  mkOption,
  type OptionTree,
  types,
  uses,
} from "cleave/modules";
import fc from "fast-check";

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

type Made = { readonly plain: Definable<object>; readonly late: Definable<object> };

/** Definitions of lists, merged and nested, and the same with thunks around some of the records. */
const definitions: fc.Arbitrary<Made> = fc.letrec<{ all: Made }>((tie) => ({
  all: fc
    .tuple(
      fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom("a", "b", "c").map((letter): Made => both({ list: [letter] })),
        fc.constantFrom("d", "e").map((letter): Made => both({ sub: { list: [letter] } })),
        tie("all").map(({ plain, late }): Made => ({ plain: mkIf(true, plain), late: mkIf(true, late) })),
        tie("all").map(({ plain, late }): Made => ({ plain: mkBefore(plain), late: mkBefore(late) })),
        tie("all").map(({ plain, late }): Made => ({ plain: { group: plain }, late: { group: late } })),
        fc.array(tie("all"), { maxLength: 3 }).map(
          (all): Made => ({
            plain: mkMerge(all.map(({ plain }) => plain)),
            late: mkMerge(all.map(({ late }) => late)),
          }),
        ),
      ),
      fc.boolean(),
    )
    .map(([{ plain, late }, isLate]): Made => ({ plain, late: isLate ? () => late : late })),
})).all;

function both(value: object): Made {
  return { plain: value, late: value };
}

test("law: a thunk in place of a record defines what the record would, in the same order", () => {
  const lists = { list: mkOption({ type: types.listOf(types.string), default: [] }) };
  const sub = mkOption({ type: types.submodule({ options: lists }), default: {} });
  // Every definition may stand at every depth.
  const nested = (depth: number): OptionTree =>
    depth === 0 ? { ...lists, sub } : { ...lists, sub, group: nested(depth - 1) };
  const outer = defineModule("outer", { options: nested(6) });
  const whole = defineModule("whole", {
    options: { inner: mkOption({ type: types.submodule(outer), default: {} }) },
  });
  const read = (made: readonly Definable<object>[]): unknown => {
    const modules = made.map((each, index) =>
      uses(outer).package(`module ${index}`, ({ define }) => define(each as never)),
    );
    // The same again with the definitions of an outer module between those of the submodule's own.
    const within = types.submodule([outer, ...modules.slice(1)]);
    const around = defineModule("around", { options: { inner: mkOption({ type: within, default: {} }) } });
    return [
      evalModules({ modules: [outer, ...modules] }).config,
      evalModules({ modules: [whole] }, mkMerge(made.map((each) => ({ inner: each })) as never)).config,
      evalModules({ modules: [around] }, { inner: made[0] } as never).config,
    ];
  };
  fc.assert(
    fc.property(fc.array(definitions, { minLength: 1, maxLength: 4 }), (all) => {
      const plain = read(all.map((each) => each.plain));
      const late = read(all.map((each) => each.late));
      assert.equal(JSON.stringify(late), JSON.stringify(plain));
    }),
    { numRuns: 300 },
  );
});
