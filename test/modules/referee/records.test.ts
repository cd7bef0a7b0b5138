/** Real Nix and nixpkgs' lib have the last word on records of options that are defined as a whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  defineModule,
  evalModules,
  mkIf,
  mkMerge,
  mkOption,
  mkOverride,
  types,
  uses,
} from "../../../src/modules/index.ts";
import {
  compare,
  constants,
  list,
  needsNixpkgs,
  type Program,
  record,
  type Value,
  wrapped,
} from "../../support/nixpkgs.ts";

/** Options in records, one of them declared twice, that {@link wholes} define. */
const tree = {
  nix: `{
    flag = lib.mkOption { type = lib.types.bool; default = false; };
    n.list = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ "d" ]; };
    n.set = lib.mkOption { type = lib.types.attrsOf lib.types.int; };
    n.deep.maybe = lib.mkOption { type = lib.types.nullOr lib.types.str; };
    s = lib.mkOption { type = lib.types.submodule { options.x = lib.mkOption { type = lib.types.int; default = 1; }; }; };
    e = lib.mkOption { type = lib.types.enum [ "a" ]; default = "a"; };
  }`,
  options: {
    flag: mkOption({ type: types.bool, default: false }),
    n: {
      list: mkOption({ type: types.listOf(types.string), default: ["d"] }),
      set: mkOption({ type: types.attrsOf(types.int) }),
      deep: { maybe: mkOption({ type: types.nullOr(types.string) }) },
    },
    s: mkOption({ type: types.submodule({ options: { x: mkOption({ type: types.int, default: 1 }) } }) }),
    e: mkOption({ type: types.enum(["a"]), default: "a" }),
  },
};
const more = {
  nix: `{
    e = lib.mkOption { type = lib.types.enum [ "b" ]; };
    s = lib.mkOption { type = lib.types.submodule { options.y = lib.mkOption { type = lib.types.lines; default = ""; }; }; };
  }`,
  options: {
    e: mkOption({ type: types.enum(["b"]) }),
    s: mkOption({
      type: types.submodule({ options: { y: mkOption({ type: types.lines, default: "" }) } }),
    }),
  },
};

/** A definition that may read the configuration. */
type Whole = { readonly nix: string; readonly value: (flag: () => boolean) => unknown };

/** Definitions with properties, and without any: nixpkgs takes none inside of a priority. */
type Part = { readonly full: fc.Arbitrary<Whole>; readonly bare: fc.Arbitrary<Whole> };

function leaf(value: fc.Arbitrary<Value>): Part {
  const constant = ({ nix, value }: Value): Whole => ({ nix, value: () => value });
  return { full: wrapped({ value }, 1).map(constant), bare: value.map(constant) };
}

/** A record, under conditions or a priority, or several merged. */
function group(parts: Readonly<Record<string, Part>>, depth = 1): Part {
  const names = Object.keys(parts);
  const recordOf = (kind: keyof Part): fc.Arbitrary<Whole> =>
    fc
      .tuple(...names.map((name) => fc.option((parts[name] ?? fail(name))[kind], { nil: undefined })))
      .map((all): Whole => {
        const entries = all.flatMap((each, index) =>
          each === undefined ? [] : [{ name: names[index] ?? "", each }],
        );
        return {
          nix: `{ ${entries.map(({ name, each }) => `${name} = ${each.nix};`).join(" ")} }`,
          value: (flag) => Object.fromEntries(entries.map(({ name, each }) => [name, each.value(flag)])),
        };
      });
  const bare = recordOf("bare");
  const forced = fc.tuple(fc.constantFrom(50, 1000), bare).map(
    ([priority, { nix, value }]): Whole => ({
      nix: `(lib.mkOverride ${priority} ${nix})`,
      value: (flag) => mkOverride(priority, value(flag) as never),
    }),
  );
  const inner = fc.oneof({ weight: 4, arbitrary: recordOf("full") }, { weight: 1, arbitrary: forced });
  const conditional = inner.map(
    ({ nix, value }): Whole => ({
      nix: `(lib.mkIf config.flag ${nix})`,
      value: (flag) => mkIf(flag, value(flag) as never),
    }),
  );
  const single = fc.oneof({ weight: 3, arbitrary: inner }, { weight: 1, arbitrary: conditional });
  if (depth === 0) return { full: single, bare };
  const merged = fc.array(group(parts, depth - 1).full, { maxLength: 3 }).map(
    (all): Whole => ({
      nix: `(lib.mkMerge [ ${all.map(({ nix }) => nix).join(" ")} ])`,
      value: (flag) => mkMerge(all.map(({ value }) => value(flag) as never)),
    }),
  );
  return { full: fc.oneof({ weight: 3, arbitrary: single }, { weight: 1, arbitrary: merged }), bare };
}

function fail(name: string): never {
  throw new Error(`no part ${name}`);
}

const wholes: fc.Arbitrary<Program> = fc
  .tuple(
    fc.array(
      group({
        n: group({
          list: leaf(list({ value: constants("p", "q") })),
          set: leaf(record({ value: constants(1, 2) }, "x", "y")),
          deep: group({ maybe: leaf(constants("m", null)) }),
        }),
        s: group({ x: leaf(constants(3)), y: leaf(constants("l")) }),
        e: leaf(constants("a", "b")),
      }).full,
      { maxLength: 4 },
    ),
    fc.array(wrapped({ value: constants(true, false) }, 1), { maxLength: 2 }),
  )
  .map(([definitions, flags]) => ({
    nix: `(let all = (lib.evalModules { modules = [
      { options = ${tree.nix}; } { options = ${more.nix}; }
      ${flags.map(({ nix }) => `{ flag = ${nix}; }`).join(" ")}
      ${definitions.map(({ nix }) => `({ config, ... }: { config = ${nix}; })`).join(" ")}
    ]; }).config; in { inherit (all) flag n s e; })`,
    evaluate: () => {
      const one = defineModule("one", { options: tree.options });
      const two = defineModule("two", { options: more.options });
      const base = uses(one, two).module("base", {});
      const set = flags.map(({ value }, index) =>
        uses(one).package(`flag ${index}`, ({ define }) => define({ flag: value as never })),
      );
      const rest = definitions.map(({ value }, index) =>
        uses(base).package(`defines ${index}`, ({ config, define }) =>
          define(value(() => config.flag) as never),
        ),
      );
      return evalModules({ modules: [one, two, ...set, ...rest] }).config;
    },
  }));

test("records of options are defined, conditioned and overridden as in nixpkgs", needsNixpkgs, () => {
  const { merged, total } = compare(wholes);
  assert.ok(merged > total / 3, `only ${merged} of ${total} have a value`);
});
