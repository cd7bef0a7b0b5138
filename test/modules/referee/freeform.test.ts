/** Real Nix and nixpkgs' lib have the last word on names that are not declared, beside options that are. */
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
  type Type,
  types,
  uses,
} from "../../../src/modules/index.ts";
import {
  compare,
  constants,
  needsNixpkgs,
  type Program,
  type Value,
  type Values,
  wrapped,
} from "../../support/nixpkgs.ts";

/** Records of these names: `known` and `group.known` are options, the rest is free. */
const leaves: Readonly<Record<string, Values>> = {
  known: { value: constants(1, 2) },
  free: { value: constants(3, 4) },
  other: { value: constants(5) },
};

/** A record, with properties in it, or without any: nixpkgs takes none inside of a priority. */
function recordOf(isBare: boolean, depth: number): fc.Arbitrary<Value> {
  const entries = Object.entries(leaves).map(([name, values]) =>
    fc
      .option(isBare ? values.value : wrapped(values, 1), { nil: undefined })
      .map((value) => (value === undefined ? [] : [{ name, value }])),
  );
  const group =
    depth === 0
      ? fc.constant([])
      : fc
          .option(isBare ? recordOf(true, 0) : wholeOf(0), { nil: undefined })
          .map((value) => (value === undefined ? [] : [{ name: "group", value }]));
  return fc.tuple(...entries, group).map((all): Value => {
    const list = all.flat();
    return {
      nix: `{ ${list.map(({ name, value }) => `${name} = ${value.nix};`).join(" ")} }`,
      value: Object.fromEntries(list.map(({ name, value }) => [name, value.value])),
    };
  });
}

function wholeOf(depth: number): fc.Arbitrary<Value> {
  const plain = recordOf(false, depth);
  const forced = fc.tuple(fc.constantFrom(50, 1000), recordOf(true, depth)).map(
    ([priority, { nix, value }]): Value => ({
      nix: `(lib.mkOverride ${priority} ${nix})`,
      value: mkOverride(priority, value as never),
    }),
  );
  const conditional = fc.tuple(fc.boolean(), plain).map(
    ([on, { nix, value }]): Value => ({
      nix: `(lib.mkIf ${on} ${nix})`,
      value: mkIf(() => on, value as never),
    }),
  );
  const merged = fc.array(fc.oneof(plain, forced, conditional), { maxLength: 2 }).map(
    (all): Value => ({
      nix: `(lib.mkMerge [ ${all.map(({ nix }) => nix).join(" ")} ])`,
      value: mkMerge(all.map(({ value }) => value as never)),
    }),
  );
  return fc.oneof({ weight: 3, arbitrary: plain }, forced, conditional, merged);
}

const freeforms: readonly { readonly nix: string; readonly type: Type }[] = [
  {
    nix: "attrsOf (either int (attrsOf int))",
    type: types.attrsOf(types.either(types.int, types.attrsOf(types.int))),
  },
  {
    nix: "lazyAttrsOf (either int (attrsOf int))",
    type: types.lazyAttrsOf(types.either(types.int, types.attrsOf(types.int))),
  },
  { nix: "attrsOf anything", type: types.attrsOf(types.anything) },
];

const programs: fc.Arbitrary<Program> = fc
  .tuple(fc.constantFrom(...freeforms), fc.array(wholeOf(1), { maxLength: 4 }))
  .map(([{ nix, type }, all]) => ({
    nix: `(lib.evalModules { modules = [
      { freeformType = with lib.types; ${nix};
        options.known = lib.mkOption { type = lib.types.int; default = 0; };
        options.group.known = lib.mkOption { type = lib.types.int; default = 0; }; }
      ${all.map((each) => `{ config = ${each.nix}; }`).join(" ")}
    ]; }).config`,
    evaluate: () => {
      const known = mkOption({ type: types.int, default: 0 });
      const declares = defineModule("declares", { freeformType: type, options: { known, group: { known } } });
      const defines = all.map(({ value }, index) =>
        uses(declares).package(`defines ${index}`, ({ define }) =>
          // A thunk in place of a record is the same.
          define((index % 2 === 0 ? value : () => value) as never),
        ),
      );
      const config: unknown = evalModules({ modules: [declares, ...defines] }).config;
      return sorted(config);
    },
  }));

/** Copy records with their names in order, as Nix shows them. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  );
}

test("names that are not declared are defined as in nixpkgs", needsNixpkgs, () => {
  const { merged, total } = compare(programs);
  assert.ok(merged > total / 3, `only ${merged} of ${total} have a value`);
});
