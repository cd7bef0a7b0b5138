/** `explain` where a definition stands under another name, and inside of the values of options. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  defineModule,
  describeExplanation,
  evalModules,
  mkAfter,
  mkAliasOption,
  mkDefault,
  mkForce,
  mkIf,
  mkOption,
  mkOverride,
  mkRenamedOption,
  type Type,
  types,
  uses,
} from "cleave/modules";
import fc from "fast-check";
import { evaluationOf } from "../support/modules.ts";

const source = readFileSync(import.meta.filename, "utf8").split("\n");
const lineOf = (location: { readonly line?: number } | undefined) =>
  source[(location?.line ?? 0) - 1]?.trim();

const flags = mkOption({ type: types.listOf(types.string), default: [] });
const env = mkOption({ type: types.attrsOf(types.string), default: {} });
const named = defineModule("named", {
  options: { flags, env, old: { flags: mkRenamedOption(flags) }, variables: mkAliasOption(env) },
});

test("a definition under a second name has its own place, in explanations and in errors", () => {
  const old = uses(named).package("old", ({ define }) =>
    define({
      flags: ["new"],
      old: {
        flags: ["old"],
      },
      variables: {
        LANG: "C",
      },
    }),
  );
  const evaluated = evalModules({ modules: [old] }, { old: { flags: mkForce<never[]>(7 as never) } });
  assert.deepEqual(
    evaluated.explain("flags").definitions.map(({ location }) => lineOf(location)),
    [
      source.find((each) => each.includes("mkForce<never"))?.trim(),
      'flags: ["new"],',
      'flags: ["old"],',
      "options: { flags, env, old: { flags: mkRenamedOption(flags) }, variables: mkAliasOption(env) },",
    ],
  );
  assert.deepEqual(
    evaluated.explain("env.LANG").definitions.map(({ location }) => lineOf(location)),
    ['LANG: "C",'],
  );
  assert.throws(() => evaluated.config.flags, { message: /7, by module evalModules at .*:\d+:62$/ });
});

/** Explain a path in an option `x` of a type, in a few words. */
function tell(type: Type, path: string, ...definitions: readonly unknown[]): readonly string[] {
  const { type: described, value, ...rest } = evaluationOf(type, ...definitions).explain(`value.${path}`);
  return [
    described,
    "value" in rest || value !== undefined ? JSON.stringify(value) : "is not there",
    ...rest.definitions.map(
      (each) => `${each.module}: ${each.outcome}${"value" in each ? ` ${JSON.stringify(each.value)}` : ""}`,
    ),
  ];
}

test("what is inside of a value has its own type and definitions, whatever the types around it", () => {
  const ints = types.attrsOf(types.int);
  const used = ["signed integer", "1", "definition 0: used 1"];
  assert.deepEqual(tell(ints, "a", { a: 1 }), used);
  assert.deepEqual(tell(types.nullOr(ints), "a", { a: 1 }), used);
  assert.deepEqual(tell(types.removable(ints), "a", { a: 1 }), used);
  assert.deepEqual(tell(types.uniq(ints), "a", { a: 1 }), used);
  assert.deepEqual(
    tell(
      types.addCheck(ints, () => true),
      "a",
      { a: 1 },
    ),
    used,
  );
  assert.deepEqual(tell(types.either(types.string, ints), "a", { a: 1 }), used);
  assert.deepEqual(tell(types.attrsOf(types.nullOr(ints)), "b.a", { b: { a: 1 } }), used);
  assert.deepEqual(tell(types.attrTag({ a: mkOption({ type: types.int }) }), "a", { a: 1 }), used);
  assert.deepEqual(tell(types.json, "a", { a: 1 }), ["JSON value", ...used.slice(1)]);
});

test("what was converted is defined by what it was converted from", () => {
  const keys = types.coercedTo(
    types.listOf(types.string),
    (names) => Object.fromEntries(names.map((name) => [name, true])),
    types.attrsOf(types.boolByOr),
  );
  for (const type of [keys, types.nullOr(keys), types.either(types.int, keys)])
    assert.deepEqual(tell(type, "a", ["a", "b"], { a: false, c: true }, ["b"]), [
      "boolean (merged using or)",
      "true",
      "definition 1: used false",
      "definition 0: used true",
    ]);
});

test("an element of a list is defined by the definitions of the list", () => {
  const type = types.listOf(types.attrsOf(types.int));
  assert.deepEqual(tell(type, "[1].a", [{ a: 1 }, { a: 2 }], mkAfter([{ a: 3 }])), [
    "signed integer",
    "2",
    'definition 0: used [{"a":1},{"a":2}]',
    'definition 1: used [{"a":3}]',
  ]);
});

test("an attribute that is conditioned away is explained by the conditions", () => {
  const type = types.attrsOf(types.int);
  const definitions = [{ a: mkIf(false, 1) }, { b: 2 }, { a: mkIf(() => false, 3) }];
  assert.deepEqual(tell(type, "a", ...definitions), [
    "signed integer",
    "is not there",
    "definition 2: condition does not hold",
    "definition 0: condition does not hold",
  ]);
  const explanation = evaluationOf(type, ...definitions).explain("value.a");
  assert.equal(describeExplanation(explanation).split("\n")[0], "value.a is not there");
  assert.throws(() => evaluationOf(type, ...definitions).explain("value.c"), {
    code: "option-unknown",
    message: "there is no option value.c; where c should be there is b",
  });
});

test("a path in quotes may hold anything", () => {
  const names = ["a.b", 'a"b', "\\q", ""];
  const value = Object.fromEntries(names.map((name) => [name, 1]));
  const { explain } = evaluationOf(types.attrsOf(types.int), value);
  for (const path of ['"a.b"', '"a\\"b"', '"\\q"', '"\\\\q"', '""'])
    assert.equal(explain(`value.${path}`).value, 1, path);
});

test("explaining forces nothing of a definition's value", () => {
  const { explain } = evaluationOf(types.raw, {
    get inside(): never {
      return assert.fail("looked into");
    },
  });
  assert.equal(explain("value").definitions.length, 1);
});

const free = defineModule("free", {
  freeformType: types.attrsOf(types.either(types.int, types.attrsOf(types.submodule(named)))),
  options: { other: { known: mkOption({ type: types.int, default: 0 }) } },
});

test("what a freeform type takes is explained as options are", () => {
  const first = uses(free).package("first", ({ define }) =>
    define({
      level: mkDefault(1),
      deep: { a: { flags: ["x"] } },
    } as never),
  );
  const second = uses(free).package("second", ({ define }) => define({ level: 2 } as never));
  const { explain } = evalModules({ modules: [first, second] });
  const level = explain("level");
  assert.deepEqual([level.value, level.type], [2, "signed integer or attribute set of (submodule)"]);
  assert.deepEqual(
    level.definitions.map(({ module, outcome, location }) => [module, outcome, lineOf(location)]),
    [
      ["second", "used", source.find((each) => each.includes("level: 2"))?.trim()],
      ["first", "overridden", "level: mkDefault(1),"],
    ],
  );
  assert.equal(explain("other.known").value, 0);
  assert.deepEqual(explain("deep.a.flags").value, ["x"]);
  assert.throws(() => explain("levle"), {
    code: "option-unknown",
    message: "there is no option levle; where levle should be there is other, deep, level",
    hint: "did you mean level?",
  });
});

/** A definition of a random place in a value, by a module of that number. */
const places = ["plain", "set.a", "set.b", "sub.text", "free", "lazy.a", "maybe.a", "keys.k"] as const;
const laid = fc.array(
  fc.record({
    path: fc.constantFrom(...places),
    priority: fc.constantFrom(undefined, 50, 1000),
    condition: fc.constantFrom(undefined, true, false),
  }),
  { maxLength: 7 },
);

test("law: explain names exactly the definitions that a removal would change, wherever they stand", () => {
  const texts = types.attrsOf(types.commas);
  const all = defineModule("all", {
    freeformType: types.attrsOf(types.commas),
    options: {
      plain: mkOption({ type: types.commas, default: "" }),
      set: mkOption({ type: texts }),
      sub: mkOption({
        type: types.submodule({ options: { text: mkOption({ type: types.commas, default: "" }) } }),
      }),
      lazy: mkOption({ type: types.lazyAttrsOf(types.commas) }),
      maybe: mkOption({ type: types.nullOr(texts), default: {} }),
      keys: mkOption({ type: types.coercedTo(types.string, (k) => ({ k }), texts), default: {} }),
    },
  });
  type Laid = {
    readonly path: string;
    readonly priority: number | undefined;
    readonly condition: boolean | undefined;
  };
  const evaluate = (list: readonly Laid[], without: number) =>
    evalModules({
      modules: [
        all,
        ...list.flatMap(({ path, priority, condition }, index) => {
          if (index === without) return [];
          const text = `t${index}`;
          const forced = priority === undefined ? text : mkOverride(priority, text);
          const last = condition === undefined ? forced : mkIf(() => condition, forced as never);
          const [first = "", ...names] = path.split(".");
          // Half of the keys are texts, which are converted; those have their properties around the whole.
          const value =
            path === "keys.k" && index % 2 === 0
              ? last
              : names.reduce<unknown>((below, name) => ({ [name]: below }), last);
          return [uses(all).package(`m${index}`, ({ define }) => define({ [first]: value } as never))];
        }),
      ],
    });
  const valueAt = (list: readonly Laid[], without: number, path: string): unknown => {
    let value: unknown = evaluate(list, without).config;
    for (const name of path.split("."))
      value =
        typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
    return value;
  };
  fc.assert(
    fc.property(laid, (list) => {
      // A lazy attribute without a value has none to compare.
      fc.pre(!list.some(({ path, condition }) => path === "lazy.a" && condition === false));
      for (const path of new Set(list.map((each) => each.path))) {
        // Under a condition that does not hold, nothing is known of what a text is converted to.
        if (path === "keys.k" && valueAt(list, -1, path) === undefined) continue;
        const { definitions, ...rest } = evaluate(list, -1).explain(path);
        const used = definitions.filter(({ outcome }) => outcome === "used").map(({ module }) => module);
        assert.equal(rest.value, valueAt(list, -1, path));
        for (const index of list.keys())
          assert.equal(
            used.includes(`m${index}`),
            valueAt(list, index, path) !== rest.value,
            `m${index} of ${path}`,
          );
      }
    }),
    { numRuns: 150 },
  );
});
