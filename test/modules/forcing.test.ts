/** How values are forced: once, on demand, however deep the chain. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkIf, mkOption, types, uses } from "cleave/modules";

const deep = 10_000;
const names = Array.from({ length: deep }, (_, index) => `o${index}`);
const many = defineModule("many", {
  options: Object.fromEntries(names.map((name) => [name, mkOption({ type: types.int, default: 0 })])),
});

/** A chain in which each option adds 1 to the next; `last` is what the last one is. */
function chain(
  last: (config: Readonly<Record<string, unknown>>) => number,
  before = (read: () => number) => read(),
) {
  return uses(many).package("chain", ({ config, define }) =>
    define(
      Object.fromEntries(
        names.map((name, index) => [
          name,
          () => (index === deep - 1 ? last(config) : before(() => Number(config[`o${index + 1}`])) + 1),
        ]),
      ),
    ),
  );
}

test("a chain of 10,000 options does not overflow the stack", () => {
  assert.equal(evalModules({ modules: [chain(() => 0)] }).config["o0"], deep - 1);
});

test("a chain is forced all the same where its thunks catch errors, and each value is right", () => {
  const swallowing = chain(
    () => 0,
    (read) => {
      try {
        return read();
      } catch {
        return -1_000_000;
      }
    },
  );
  const { config } = evalModules({ modules: [swallowing] });
  for (const at of [0, 1, 5_000, deep - 1]) assert.equal(config[`o${at}`], deep - 1 - at);
});

test("a chain is forced all the same where its thunks make other errors of those they catch", () => {
  const wrapping = chain(
    () => 0,
    (read) => {
      try {
        return read();
      } catch (cause) {
        throw new Error("mine", { cause });
      }
    },
  );
  assert.equal(evalModules({ modules: [wrapping] }).config["o0"], deep - 1);
});

test("a chain of conditions is forced too", () => {
  const conditions = uses(many).package("conditions", ({ config, define }) =>
    define(
      Object.fromEntries(
        names.map((name, index) => [
          name,
          mkIf(() => index === deep - 1 || config[`o${index + 1}`] === 7, 7),
        ]),
      ),
    ),
  );
  assert.equal(evalModules({ modules: [conditions] }).config["o0"], 7);
});

test("a chain through submodules is forced too", () => {
  const part = defineModule("part", { options: { value: mkOption({ type: types.int }) } });
  const base = defineModule("base", {
    options: { parts: mkOption({ type: types.attrsOf(types.submodule(part)), default: {} }) },
  });
  const all = uses(base).package("all", ({ config, define }) =>
    define({
      parts: Object.fromEntries(
        names
          .slice(0, 3_000)
          .map((name, index) => [
            name,
            { value: () => (index === 2_999 ? 0 : (config.parts[`o${index + 1}`]?.value ?? 0) + 1) },
          ]),
      ),
    }),
  );
  assert.equal(evalModules({ modules: [all] }).config.parts["o0"]?.value, 2_999);
});

test("a cycle of 10,000 options shows both ends of the chain, once round", () => {
  const { config } = evalModules({ modules: [chain((config) => Number(config["o0"]))] });
  assert.throws(
    () => config["o0"],
    (error: Error) => {
      const lines = error.message.split("\n");
      assert.equal(lines[0], "the option o0 needs its own value:");
      assert.match(lines[1] ?? "", /^ {4}o0, defined by module chain at .*, reads$/);
      assert.match(lines[2] ?? "", /^ {4}o1, /);
      assert.match(lines[51] ?? "", /^ {4}9900 more, the last of which, reads$/);
      assert.match(lines.at(-2) ?? "", /^ {4}o9999, /);
      assert.equal(lines.at(-1), "    o0 again");
      assert.equal(lines.length, 103);
      return true;
    },
  );
});

test("two evaluations may read each other, and a cycle between them is found", () => {
  const base = defineModule("base", {
    options: { a: mkOption({ type: types.int }), b: mkOption({ type: types.int }) },
  });
  const evaluate = (name: string, a: () => number, b: () => number) =>
    evalModules({ modules: [uses(base).package(name, ({ define }) => define({ a, b }))] }).config;
  const left: { readonly a: number; readonly b: number } = evaluate(
    "left",
    () => 1,
    () => right.b,
  );
  const right: { readonly a: number; readonly b: number } = evaluate(
    "right",
    () => left.a + 1,
    () => left.b,
  );
  assert.equal(right.a, 2);
  assert.throws(() => left.b, { code: "option-cycle" });
});

test("after an error everything else can still be read, and the same error comes again", () => {
  const { config } = evalModules({ modules: [many] }, { o1: () => Number("x"), o2: 5 });
  assert.throws(() => config["o1"], { code: "option-type" });
  assert.equal(config["o2"], 5);
  assert.throws(() => config["o1"], { code: "option-type" });
});

test("a value is computed once", () => {
  let runs = 0;
  const { config } = evalModules(
    { modules: [many] },
    {
      o0: () => {
        runs += 1;
        return 1;
      },
    },
  );
  assert.deepEqual([config["o0"], config["o0"], { ...config }["o0"]], [1, 1, 1]);
  assert.equal(runs, 1);
});

test("the functions of a default that nobody reads never run; read ones are run once for all evaluations", () => {
  let runs = 0;
  const count = <V>(value: V): V => {
    runs += 1;
    return value;
  };
  const base = defineModule("base", {
    options: {
      applied: mkOption({ type: types.int, default: 1, apply: count }),
      checked: mkOption({ type: types.addCheck(types.int, () => count(true)), default: 2 }),
      converted: mkOption({ type: types.coercedTo(types.string, () => count(3), types.int), default: "3" }),
      read: mkOption({ type: types.int, default: 4 }),
    },
  });
  assert.equal(evalModules({ modules: [base] }).config.read, 4);
  assert.equal(runs, 0);
  for (const _ of [1, 2, 3])
    assert.deepEqual(
      { ...evalModules({ modules: [base] }).config },
      { applied: 1, checked: 2, converted: 3, read: 4 },
    );
  assert.equal(runs, 3);
});

test("what is defined as a part of a configuration is computed when it is read, value by value", () => {
  const part = {
    options: { a: mkOption({ type: types.int }), b: mkOption({ type: types.int, default: 2 }) },
  };
  const set = types.lazyAttrsOf(types.int);
  const base = defineModule("base", {
    options: {
      first: mkOption({ type: types.submodule(part) }),
      second: mkOption({ type: types.submodule(part) }),
      group: part.options,
      one: mkOption({ type: set }),
      two: mkOption({ type: set }),
    },
  });
  const copies = uses(base).package("copies", ({ config, define }) =>
    define({
      second: () => config.first,
      group: () => config.first,
      one: { fails: () => assert.fail("it ran"), fine: 3 },
      two: () => config.one,
    }),
  );
  const { config } = evalModules({ modules: [copies] });
  assert.deepEqual([config.second.b, config.group.b, config.two["fine"]], [2, 2, 3]);
  assert.throws(() => config.second.a, { code: "option-undefined" });
  assert.throws(() => config.two["fails"], { message: /one\.fails throws/ });
});
