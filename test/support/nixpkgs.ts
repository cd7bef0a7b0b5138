/**
 * nixpkgs' lib, run by real Nix, as the referee of the module system: programs that both evaluate, and how random
 * definitions are made for them.
 *
 * `NIXPKGS_LIB` names the folder `lib` of nixpkgs; without it a test says so and is skipped. `SEED` and `RUNS` choose
 * other programs and more.
 */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { CleaveError } from "../../src/base/index.ts";
import { mkIf, mkMerge, mkOrder, mkOverride } from "../../src/modules/index.ts";
import { needsNix, nixIn } from "./nix.ts";
import { temporaryFolder } from "./temp.ts";

const lib = process.env["NIXPKGS_LIB"] ?? "";
const seed = Number(process.env["SEED"] ?? 1);
const runs = Number(process.env["RUNS"] ?? 600);

/** Options for `test()`: skips loudly where real Nix or nixpkgs' lib is missing. */
export const needsNixpkgs: { readonly skip: string | false } = {
  skip:
    needsNix.skip ||
    (existsSync(join(lib, "modules.nix")) ? false : "NIXPKGS_LIB does not name the folder lib of nixpkgs"),
};

/** An expression in Nix, where `lib` is in scope, and a function that does the same here. */
export type Program = { readonly nix: string; readonly evaluate: () => unknown };

/** A value on both sides. */
export type Value = { readonly nix: string; readonly value: unknown };

/** How values of a type are made. */
export type Values = {
  readonly value: fc.Arbitrary<Value>;
  /** nixpkgs fails on an order around a submodule's definition. */
  readonly isSubmodule?: boolean;
};

const plain = (value: string | number | boolean | null): Value => ({
  nix: typeof value === "number" && value < 0 ? `(${value})` : JSON.stringify(value),
  value,
});
export const constants = (...values: (string | number | boolean | null)[]) =>
  fc.constantFrom(...values.map(plain));

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
export function wrapped({ value, isSubmodule = false }: Values, depth: number): fc.Arbitrary<Value> {
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

export const list = (element: Values) =>
  fc.array(wrapped(element, 1), { maxLength: 3 }).map((all) => ({
    nix: `[ ${all.map(({ nix }) => nix).join(" ")} ]`,
    value: all.map(({ value }) => value),
  }));
export const record = (element: Values, ...names: string[]) =>
  fc.dictionary(fc.constantFrom(...names), wrapped(element, 1), { maxKeys: 3 }).map((all) => ({
    nix: `{ ${Object.entries(all)
      .map(([name, { nix }]) => `${name} = ${nix};`)
      .join(" ")} }`,
    value: Object.fromEntries(Object.entries(all).map(([name, { value }]) => [name, value])),
  }));

/** Evaluate programs on both sides, fail where the values differ, and count those that have one. */
export function compare(programs: fc.Arbitrary<Program>): { merged: number; total: number } {
  const sample = fc.sample(programs, { numRuns: runs, seed });
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
  return { merged, total: sample.length };
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
