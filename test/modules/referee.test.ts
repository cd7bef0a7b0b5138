/**
 * Real Nix and nixpkgs' lib have the last word on how definitions merge: random programs are evaluated by both.
 *
 * `NIXPKGS_LIB` names the folder `lib` of nixpkgs; without it the test says so and is skipped. `SEED` and `RUNS`
 * choose other programs and more.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError } from "../../src/base/index.ts";
import {
  defineModule,
  evalModules,
  type Module,
  mkIf,
  mkMerge,
  mkOption,
  mkOrder,
  mkOverride,
  types,
  uses,
} from "../../src/modules/index.ts";
import type { Type } from "../../src/modules/types/type.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const lib = process.env["NIXPKGS_LIB"] ?? "";
const skip =
  needsNix.skip ||
  (existsSync(join(lib, "modules.nix")) ? false : "NIXPKGS_LIB does not name the folder lib of nixpkgs");

const seed = Number(process.env["SEED"] ?? 1);
const runs = Number(process.env["RUNS"] ?? 600);

/** A type on both sides, and definitions of it: mostly right ones. */
type Both = {
  readonly nix: string;
  readonly type: Type;
  readonly value: fc.Arbitrary<Value>;
  /** nixpkgs fails on an order around a submodule's definition. */
  readonly isSubmodule?: boolean;
};
type Value = { readonly nix: string; readonly value: unknown };
type Program = { readonly nix: string; readonly evaluate: () => unknown };

const plain = (value: string | number | boolean | null): Value => ({
  nix: typeof value === "number" && value < 0 ? `(${value})` : JSON.stringify(value),
  value,
});
const constants = (...values: (string | number | boolean | null)[]) => fc.constantFrom(...values.map(plain));

type Property = (body: Value) => Value;
const property =
  (nix: string, make: (body: never) => unknown): Property =>
  (body) => ({ nix: `(lib.${nix} ${body.nix})`, value: make(body.value as never) });
const priority = fc
  .constantFrom(10, 50, 100, 1000, 1500)
  .map((priority) => property(`mkOverride ${priority}`, (body) => mkOverride(priority, body)));
const order = fc
  .constantFrom(500, 1000, 1500)
  .map((order) => property(`mkOrder ${order}`, (body) => mkOrder(order, body)));
const condition = fc.boolean().map((on) => property(`mkIf ${on}`, (body) => mkIf(on, () => body)));
const itself: fc.Arbitrary<Property> = fc.constant((body) => body);
const sometimes = (some: fc.Arbitrary<Property>) =>
  fc.oneof({ weight: 3, arbitrary: itself }, { weight: 1, arbitrary: some });

/**
 * Put properties around a value, or merge several. They nest as nixpkgs takes them: conditions outside of a
 * priority, and that outside of an order. (cleave takes them in any order.)
 */
function wrapped(
  { value, isSubmodule = false }: Pick<Both, "value" | "isSubmodule">,
  depth: number,
): fc.Arbitrary<Value> {
  const inner = fc
    .tuple(sometimes(condition), sometimes(priority), isSubmodule ? itself : sometimes(order), value)
    .map(([condition, priority, order, value]) => condition(priority(order(value))));
  if (depth === 0) return inner;
  const merged = fc.array(wrapped({ value, isSubmodule }, depth - 1), { maxLength: 3 }).map((all) => ({
    nix: `(lib.mkMerge [ ${all.map(({ nix }) => nix).join(" ")} ])`,
    value: mkMerge(all.map(({ value }) => value as never)),
  }));
  return fc.oneof({ weight: 5, arbitrary: inner }, { weight: 1, arbitrary: merged });
}

const list = (element: Pick<Both, "value" | "isSubmodule">) =>
  fc.array(wrapped(element, 1), { maxLength: 3 }).map((all) => ({
    nix: `[ ${all.map(({ nix }) => nix).join(" ")} ]`,
    value: all.map(({ value }) => value),
  }));
const record = (element: Pick<Both, "value" | "isSubmodule">, ...names: string[]) =>
  fc.dictionary(fc.constantFrom(...names), wrapped(element, 1), { maxKeys: 3 }).map((all) => ({
    nix: `{ ${Object.entries(all)
      .map(([name, { nix }]) => `${name} = ${nix};`)
      .join(" ")} }`,
    value: Object.fromEntries(Object.entries(all).map(([name, { value }]) => [name, value])),
  }));

const leaves: readonly Both[] = [
  { nix: "str", type: types.string, value: constants("a", "b") },
  { nix: "int", type: types.int, value: constants(1, 2, -3) },
  { nix: "bool", type: types.bool, value: constants(true, false) },
  { nix: "lines", type: types.lines, value: constants("a", "b\n") },
  { nix: 'separatedString ":"', type: types.separatedString(":"), value: constants("a", "b") },
  { nix: 'enum [ "a" 1 ]', type: types.enum(["a", 1]), value: constants("a", 1) },
  { nix: "ints.unsigned", type: types.ints.unsigned, value: constants(0, 1) },
  { nix: "ints.between 0 2", type: types.ints.between(0, 2), value: constants(1, 2, 3) },
  { nix: "boolByOr", type: types.boolByOr, value: constants(true, false) },
  { nix: "nonEmptyStr", type: types.nonEmptyString, value: constants("a", "", " ") },
  { nix: 'strMatching "[ab]+"', type: types.stringMatching(/[ab]+/), value: constants("ab", "abc") },
];
const anything: Both = {
  nix: "anything",
  type: types.anything,
  value: fc.oneof(
    constants("a", 1, null),
    record({ value: fc.oneof(constants("a", 1), record({ value: constants("b") }, "x")) }, "x", "y"),
    fc.constantFrom<Value>({ nix: "[ 1 2 ]", value: [1, 2] }, { nix: "[ ]", value: [] }),
  ),
};

/** Types of types, as Nix names them. */
function deeper(element: Both): readonly Both[] {
  const { nix, type, value, isSubmodule = false } = element;
  return [
    { nix: `listOf (${nix})`, type: types.listOf(type), value: list(element) },
    { nix: `attrsOf (${nix})`, type: types.attrsOf(type), value: record(element, "x", "y", "z") },
    { nix: `lazyAttrsOf (${nix})`, type: types.lazyAttrsOf(type), value: record(element, "x", "y") },
    {
      nix: `nullOr (${nix})`,
      type: types.nullOr(type),
      value: fc.oneof(value, constants(null)),
      isSubmodule,
    },
    { nix: `uniq (${nix})`, type: types.uniq(type), value, isSubmodule },
    { nix: `nonEmptyListOf (${nix})`, type: types.nonEmptyListOf(type), value: list(element) },
    {
      nix: `either (${nix}) int`,
      type: types.either(type, types.int),
      value: fc.oneof(value, constants(7)),
      isSubmodule,
    },
    {
      nix: `coercedTo int toString (either str (${nix}))`,
      type: types.coercedTo(types.int, String, types.either(types.string, type) as Type<unknown, unknown>),
      value: fc.oneof(value, constants(7, "s")),
      isSubmodule,
    },
    {
      nix: `submodule { options = { a = lib.mkOption { type = ${nix}; }; b = lib.mkOption { type = str; default = "b"; }; }; }`,
      type: types.submodule({
        options: { a: mkOption({ type }), b: mkOption({ type: types.string, default: "b" }) },
      }),
      value: fc
        .tuple(
          fc.option(wrapped(element, 1), { nil: undefined }),
          fc.option(wrapped({ value: constants("c", "d") }, 1), { nil: undefined }),
        )
        .map(([a, b]) => ({
          nix: `{ ${a === undefined ? "" : `a = ${a.nix};`} ${b === undefined ? "" : `b = ${b.nix};`} }`,
          value: { ...(a === undefined ? {} : { a: a.value }), ...(b === undefined ? {} : { b: b.value }) },
        })),
      isSubmodule: true,
    },
    {
      nix: `submodule { freeformType = attrsOf (${nix}); options.x = lib.mkOption { type = int; default = 0; }; }`,
      type: types.submodule(
        defineModule("open", {
          freeformType: types.attrsOf(type),
          options: { x: mkOption({ type: types.int, default: 0 }) },
        }),
      ),
      value: record(element, "y", "z"),
      isSubmodule: true,
    },
  ];
}

const all: fc.Arbitrary<Both> = fc.oneof(
  fc.constantFrom(...leaves, anything),
  fc.constantFrom(...leaves, anything).chain((leaf) => fc.constantFrom(...deeper(leaf))),
  fc
    .constantFrom(...leaves)
    .chain((leaf) => fc.constantFrom(...deeper(leaf)))
    .chain((middle) => fc.constantFrom(...deeper(middle))),
);

const programs: fc.Arbitrary<Program> = all.chain(({ nix, type, value, isSubmodule = false }) =>
  fc
    .tuple(
      fc.array(
        wrapped(
          {
            value: fc.oneof(
              { weight: 20, arbitrary: value },
              { weight: 1, arbitrary: constants("wrong", 4, null) },
            ),
            isSubmodule,
          },
          2,
        ),
        {
          maxLength: 4,
        },
      ),
      fc.option(value, { nil: undefined }),
    )
    .map(([definitions, standard]) => ({
      nix: `(lib.evalModules { modules = [
        { options.v = lib.mkOption { type = with lib.types; ${nix}; ${standard === undefined ? "" : `default = ${standard.nix};`} }; }
        ${definitions.map((each) => `{ v = ${each.nix}; }`).join(" ")}
      ]; }).config.v`,
      evaluate: () => {
        const declares = defineModule("declares", {
          options: {
            v: mkOption({ type, ...(standard === undefined ? {} : { default: standard.value as never }) }),
          },
        });
        const defines = definitions.map((each, index) =>
          uses(declares).module(`defines ${index}`, {}, ({ define }) => define({ v: each.value as never })),
        );
        return evalModules({ modules: [declares, ...defines] }).config.v;
      },
    })),
);

test("definitions merge as nixpkgs merges them", { skip }, () => {
  const sample = fc.sample(programs, { numRuns: runs, seed });
  const merged = compare(sample);
  assert.ok(merged > sample.length / 3, `only ${merged} of ${sample.length} have a value`);
});

/** Modules 0 to 5, of which each adds its number to a list, imports later ones and disables any. */
const imports: fc.Arbitrary<Program> = fc
  .record({
    listed: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    modules: fc.array(
      fc.record({
        imports: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
        disabled: fc.uniqueArray(fc.nat(5), { maxLength: 1 }),
        order: fc.constantFrom(undefined, undefined, 500, 1500),
      }),
      { minLength: 6, maxLength: 6 },
    ),
  })
  .map(({ listed, modules }) => ({
    nix: `(let
      m = builtins.genList (i: builtins.elemAt [ ${modules
        .map(
          ({ imports, disabled, order }, i) => `{
            key = "${i}";
            imports = [ ${later(imports, i)
              .map((each) => `(builtins.elemAt m ${each})`)
              .join(" ")} ];
            disabledModules = [ ${disabled.map((each) => `{ key = "${each}"; }`).join(" ")} ];
            config.l = ${order === undefined ? "" : `lib.mkOrder ${order}`} [ "${i}" ];
          }`,
        )
        .join(" ")} ] i) 6;
    in (lib.evalModules { modules = [
      { options.l = lib.mkOption { type = lib.types.listOf lib.types.str; }; }
      ${listed.map((each) => `(builtins.elemAt m ${each})`).join(" ")}
    ]; }).config.l)`,
    evaluate: () => {
      const declares = defineModule("declares", {
        options: { l: mkOption({ type: types.listOf(types.string) }) },
      });
      const all: Module[] = [];
      const named = modules.map((_, i) => defineModule(`${i}`, { key: `${i}` }));
      for (const [i, { imports, disabled, order }] of [...modules.entries()].reverse())
        all[i] = uses(declares).module(
          `${i}`,
          {
            key: `${i}`,
            imports: later(imports, i).flatMap((each) => all[each] ?? []),
            disabledModules: disabled.flatMap((each) => named[each] ?? []),
          },
          ({ define }) => define({ l: order === undefined ? [`${i}`] : mkOrder(order, [`${i}`]) }),
        );
      return evalModules({ modules: [declares, ...listed.flatMap((each) => all[each] ?? [])] }).config.l;
    },
  }));

function later(numbers: readonly number[], than: number): number[] {
  return numbers.filter((each) => each > than);
}

test("modules are imported, ordered and disabled as nixpkgs does it", { skip }, () => {
  assert.equal(compare(fc.sample(imports, { numRuns: runs, seed })), runs);
});

/** Evaluate programs on both sides, fail where the values differ, and count those that have one. */
function compare(sample: readonly Program[]): number {
  using temp = temporaryFolder();
  const file = join(temp.path, "programs.nix");
  writeFileSync(
    file,
    `{ libPath }: let
      lib = import libPath;
      run = value: let text = builtins.tryEval (builtins.toJSON value); in if text.success then text.value else null;
    in [\n${sample.map(({ nix }) => `(run ${nix})`).join("\n")}\n]`,
  );
  const command = ["--eval", "--strict", "--json", "--readonly-mode", file, "--arg", "libPath", lib];
  const theirs: unknown = JSON.parse(nixIn(temp.path).run("nix-instantiate", command).toString());
  assert.ok(Array.isArray(theirs));
  let merged = 0;
  const differences = sample
    .map(({ nix, evaluate }, index) => ({ nix, ours: run(evaluate), nixpkgs: theirs[index] }))
    .filter(({ ours, nixpkgs }) => {
      if (nixpkgs !== null) merged += 1;
      return typeof nixpkgs === "string" && typeof ours === "string"
        ? JSON.stringify(JSON.parse(nixpkgs)) !== JSON.stringify(JSON.parse(ours))
        : nixpkgs !== ours;
    })
    .sort((a, b) => a.nix.length - b.nix.length);
  assert.deepEqual(differences.slice(0, 3), [], `${differences.length} of ${sample.length}, SEED=${seed}`);
  return merged;
}

/** Get the value as JSON, `null` where there is none. */
function run(evaluate: () => unknown): string | null {
  try {
    return JSON.stringify(evaluate());
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    return null;
  }
}
