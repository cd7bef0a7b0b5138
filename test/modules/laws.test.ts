/** The laws of the module system, on modules that are made at random. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Definable,
  defineModule,
  evalModules,
  type Module,
  mkAfter,
  mkBefore,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkOrder,
  mkOverride,
  types,
  uses,
} from "cleave/modules";
import fc from "fast-check";

const base = defineModule("base", {
  options: {
    set: mkOption({ type: types.attrsOf(types.listOf(types.int)), default: {} }),
    one: mkOption({ type: types.int, default: 0 }),
    text: mkOption({ type: types.separatedString(","), default: "" }),
    list: mkOption({ type: types.listOf(types.int), default: [] }),
    part: mkOption({
      type: types.submodule({ options: { a: mkOption({ type: types.attrsOf(types.int), default: {} }) } }),
      default: {},
    }),
  },
});

const name = fc.constantFrom("a", "b", "c", "constructor", "10", "9", "é", "\u{1f600}");
const runs = { numRuns: 300 };

test("law: the order of imports without order properties does not matter for sets", () => {
  const definitions = fc.array(fc.record({ name, value: fc.integer() }), { maxLength: 6 });
  fc.assert(
    fc.property(definitions, fc.infiniteStream(fc.nat()), (all, numbers) => {
      const unique = [...new Map(all.map((each) => [each.name, each])).values()];
      const modules = unique.map(({ name, value }) =>
        uses(base).package(name, ({ define }) =>
          define({ set: { [name]: [value] }, part: { a: { [name]: value } } }),
        ),
      );
      const keys = modules.map(() => numbers.next().value);
      const shuffled = modules.toSorted(
        (a, b) => (keys[modules.indexOf(a)] ?? 0) - (keys[modules.indexOf(b)] ?? 0),
      );
      const left = evalModules({ modules: [base, ...modules] }).config;
      const right = evalModules({ modules: [...shuffled, base] }).config;
      assert.equal(JSON.stringify(left), JSON.stringify(right));
    }),
    runs,
  );
});

test("law: priorities form a total order, in which the lowest number wins", () => {
  const definitions = fc.uniqueArray(fc.integer({ min: 0, max: 2000 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(definitions, (priorities) => {
      const { config } = evalModules(
        {
          modules: [base],
        },
        mkMerge(priorities.map((each) => ({ one: mkOverride(each, each + 1) }))),
      );
      const least = Math.min(...priorities);
      if (least === 1500) assert.throws(() => config.one, { code: "option-conflict" });
      else assert.equal(config.one, least > 1500 ? 0 : least + 1);
    }),
    runs,
  );
});

test("law: merging is associative where the type says so", () => {
  const parts = fc.array(fc.array(fc.integer(), { maxLength: 3 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(parts, ([a = [], b = [], c = []]) => {
      const listOf = (definition: Definable<readonly Definable<number>[]>) =>
        evalModules({ modules: [base] }, { list: definition }).config.list;
      const left = listOf(mkMerge([mkMerge([a, b]), c]));
      const right = listOf(mkMerge([a, mkMerge([b, c])]));
      assert.deepEqual(left, right);
      assert.deepEqual(left, [...a, ...b, ...c]);
      assert.deepEqual(listOf(mkMerge([[...listOf(mkMerge([a, b]))], c])), left);
    }),
    runs,
  );
});

test("law: order properties sort definitions, and keep the order of equals", () => {
  const definitions = fc.array(fc.constantFrom(1, 500, 1000, 1500, 9999), { maxLength: 8 });
  fc.assert(
    fc.property(definitions, (orders) => {
      const { config } = evalModules(
        {
          modules: [base],
        },
        mkMerge(
          orders.map((order, index) => ({
            list:
              order === 500
                ? mkBefore([index])
                : order === 1500
                  ? mkAfter([index])
                  : order === 1000
                    ? [index]
                    : mkOrder(order, [index]),
          })),
        ),
      );
      const expected = [...orders.keys()].sort((a, b) => (orders[a] ?? 0) - (orders[b] ?? 0) || a - b);
      assert.deepEqual(config.list, expected);
    }),
    runs,
  );
});

type Made = { readonly token: string; readonly priority: number; readonly condition: boolean | undefined };
const made: fc.Arbitrary<Made[]> = fc
  .array(
    fc.record({
      token: fc.constant(""),
      priority: fc.constantFrom(50, 100, 1000, 1500),
      condition: fc.constantFrom(true, false, undefined),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map((each, index) => ({ ...each, token: `t${index}` })));

function evaluateMade(all: readonly Made[]) {
  return evalModules({
    modules: all
      .map(({ token, priority, condition }) =>
        uses(base).package(token, ({ define }) => {
          const definition = mkOverride<string>(priority, token);
          return define({ text: condition === undefined ? definition : mkIf(() => condition, definition) });
        }),
      )
      .concat(base),
  });
}

test("law: explain names exactly the definitions that a removal would change", () => {
  fc.assert(
    fc.property(made, (all) => {
      const evaluated = evaluateMade(all);
      const { definitions, value } = evaluated.explain("text");
      const used = new Set(
        definitions.filter(({ outcome }) => outcome === "used").map(({ module }) => module),
      );
      for (const each of all) {
        const without = evaluateMade(all.filter((other) => other !== each)).config.text;
        assert.equal(without !== value, used.has(each.token), each.token);
      }
      assert.equal(definitions.filter(({ isDefault }) => !isDefault).length, all.length);
      assert.equal(evaluated.config.text, value);
    }),
    { numRuns: 150 },
  );
});

test("law: unread definitions never run", () => {
  fc.assert(
    fc.property(made, fc.constantFrom("one", "list"), (all, read) => {
      const fail = (): never => assert.fail("it ran");
      const { config } = evalModules({
        modules: all
          .map(({ token, condition }) =>
            uses(base).package(token, ({ define }) =>
              define({
                text: mkIf(condition === true ? fail : () => fail(), fail),
                set: fail,
                part: { a: fail },
              }),
            ),
          )
          .concat(base),
      });
      assert.ok(config[read] !== undefined);
      assert.ok(config.part !== undefined || all.length > 0);
    }),
    runs,
  );
});

test("law: a body under a condition that does not hold never runs", () => {
  const fail = (): never => assert.fail("it ran");
  const { config } = evalModules(
    {
      modules: [base],
    },
    { one: mkIf(() => false, fail), list: mkMerge([mkIf(false, fail), mkIf(true, [1])]) },
  );
  assert.equal(config.one, 0);
  assert.deepEqual(config.list, [1]);
});

test("law: extending with nothing changes nothing", () => {
  fc.assert(
    fc.property(made, (all) => {
      const evaluated = evaluateMade(all);
      assert.deepEqual(evaluated.extendModules({}).config, evaluated.config);
      assert.deepEqual(Reflect.apply(evaluated.extendModules, undefined, []).config, evaluated.config);
      assert.deepEqual(
        evaluated.extendModules({ modules: [] }).extendModules({ definitions: {} }).config,
        evaluated.config,
      );
    }),
    runs,
  );
});

/** Modules that define each a text. */
function modulesOf(name: string, all: readonly Made[]) {
  return all.map(({ token, priority, condition }) =>
    uses(base).package(`${name} ${token}`, ({ define }) => {
      const definition = mkOverride<string>(priority, `${name} ${token}`);
      return define({ text: condition === undefined ? definition : mkIf(() => condition, definition) });
    }),
  );
}

test("law: extending is evaluating with more modules", () => {
  fc.assert(
    fc.property(made, made, made, (first, second, third) => {
      const [a, b, c] = [modulesOf("a", first), modulesOf("b", second), modulesOf("c", third)];
      const whole = evalModules({ modules: [base, ...a, ...b, ...c] });
      const evaluated = evalModules({ modules: [base, ...a] });
      const extended = evaluated.extendModules({ modules: b }).extendModules({ modules: c });
      assert.deepEqual(extended.config, whole.config);
      assert.deepEqual(extended.options.text.definitions, whole.options.text.definitions);
      const definitions = { text: mkForce<string>("forced") };
      assert.deepEqual(
        extended.extendModules({ definitions }).config.text,
        evalModules({ modules: [base, ...a, ...b, ...c] }, definitions).config.text,
      );
      // What was extended stays as it was.
      assert.deepEqual(evaluated.config, evalModules({ modules: [base, ...a] }).config);
    }),
    { numRuns: 100 },
  );
});

test("law: a module reads and defines the options of what it uses, directly or not, and no others", () => {
  const count = 6;
  const graph = fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 3 }), {
    minLength: count,
    maxLength: count,
  });
  fc.assert(
    fc.property(graph, fc.nat(count - 1), (edges, chosen) => {
      const made: Module[] = [];
      const reach: Set<number>[] = [];
      for (let at = 0; at < count; at += 1) {
        // Only what is there already can be used.
        const used = (edges[at] ?? []).filter((each) => each < at);
        reach.push(new Set([at, ...used.flatMap((each) => [...(reach[each] ?? [])])]));
        made.push(
          uses(...used.flatMap((each) => made[each] ?? [])).module(`m${at}`, {
            options: { [`o${at}`]: mkOption({ type: types.int, default: at }) },
          }),
        );
      }
      for (let at = 0; at < count; at += 1) {
        const module = made[chosen] ?? base;
        const own = { options: { own: mkOption({ type: types.int }) } };
        const reads = uses(module).module("reads", own, ({ config, define }) =>
          define({ own: () => Number(Reflect.get(config, `o${at}`)) }),
        );
        const defines = uses(module).package("defines", ({ define }) => define({ [`o${at}`]: 100 } as never));
        const read = () => evalModules({ modules: [...made, reads] }).config.own;
        const defined = () => Reflect.get(evalModules({ modules: [...made, defines] }).config, `o${at}`);
        if (reach[chosen]?.has(at) === true) assert.deepEqual([read(), defined()], [at, 100]);
        else for (const each of [read, defined]) assert.throws(each, { code: "module-reach" });
      }
    }),
    { numRuns: 60 },
  );
});
