/** Real Nix and nixpkgs' lib have the last word on second names of options, and of what is inside of options. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  defineModule,
  evalModules,
  mkAliasOption,
  mkOption,
  mkRenamedOption,
  types,
  uses,
} from "../../../src/modules/index.ts";
import {
  compare,
  constants,
  needsNixpkgs,
  type Program,
  record,
  type Value,
  type Values,
  wrapped,
} from "../../support/nixpkgs.ts";

/** Names that are defined, with values of each; nixpkgs gives definitions under a second name another order. */
const values: Readonly<Record<string, Values>> = {
  num: { value: constants(1, 2) },
  maybe: { value: constants(true, null) },
  set: { value: record({ value: constants(1, 2) }, "x", "y") },
  sub: { value: record({ value: constants(1, 2) }, "x"), isSubmodule: true },
  aliasOfNum: { value: constants(1, 2) },
  oldMaybe: { value: constants(true, null) },
  oldSetX: { value: constants(1, 2) },
  aliasOfSubX: { value: constants(1, 2) },
};
const names = Object.keys(values);

const definitions: fc.Arbitrary<readonly (readonly [string, Value])[]> = fc.array(
  fc
    .constantFrom(...names)
    .chain((name) => wrapped(values[name] ?? fail(name), 1).map((value) => [name, value] as const)),
  { maxLength: 5 },
);

function fail(name: string): never {
  throw new Error(`no values of ${name}`);
}

const renames: fc.Arbitrary<Program> = definitions.map((all) => ({
  nix: `(let config = (lib.evalModules { modules = [
      { options = with lib; with types; {
          num = mkOption { type = int; default = 0; };
          maybe = mkOption { type = nullOr bool; default = null; };
          set = mkOption { type = attrsOf int; default = { }; };
          sub = mkOption { type = submodule { options.x = mkOption { type = int; default = 0; }; }; default = { }; };
      }; }
      (lib.mkAliasOptionModule [ "aliasOfNum" ] [ "num" ])
      (lib.mkRenamedOptionModule [ "oldMaybe" ] [ "maybe" ])
      (lib.mkRenamedOptionModule [ "oldSetX" ] [ "set" "x" ])
      (lib.mkAliasOptionModule [ "aliasOfSubX" ] [ "sub" "x" ])
      ${all.map(([name, { nix }]) => `{ ${name} = ${nix}; }`).join(" ")}
    ]; }).config; in { inherit (config) num maybe set sub aliasOfNum aliasOfSubX; })`,
  evaluate: () => {
    const sub = types.submodule({ options: { x: mkOption({ type: types.int, default: 0 }) } });
    const declares = defineModule("declares", {
      options: {
        num: mkOption({ type: types.int, default: 0 }),
        maybe: mkOption({ type: types.nullOr(types.bool), default: null }),
        set: mkOption({ type: types.attrsOf(types.int), default: {} }),
        sub: mkOption({ type: sub, default: {} }),
        aliasOfNum: mkAliasOption(["num"]),
        oldMaybe: mkRenamedOption(["maybe"]),
        oldSetX: mkRenamedOption(["set", "x"]),
        aliasOfSubX: mkAliasOption(["sub", "x"]),
      },
    });
    const defines = all.map(([name, { value }], index) =>
      uses(declares).package(`defines ${index}`, ({ define }) => define({ [name]: value } as never)),
    );
    const { config } = evalModules({ modules: [declares, ...defines] });
    const { aliasOfNum, aliasOfSubX, maybe, num, set, sub: value } = config;
    return { aliasOfNum, aliasOfSubX, maybe, num, set, sub: value };
  },
}));

test("what is defined under a second name counts as in nixpkgs", needsNixpkgs, () => {
  const { merged, total } = compare(renames);
  assert.ok(merged > total / 3, `only ${merged} of ${total} have a value`);
});
