/** Real Nix and nixpkgs' lib have the last word on how definitions of one option merge. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defineModule, evalModules, mkOption, types, uses } from "../../../src/modules/index.ts";
import type { Type } from "../../../src/modules/types/type.ts";
import {
  compare,
  constants,
  list,
  needsNixpkgs,
  type Program,
  record,
  type Value,
  type Values,
  wrapped,
} from "../../support/nixpkgs.ts";

/** A type on both sides, and definitions of it: mostly right ones. */
type Both = Values & { readonly nix: string; readonly type: Type };

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

test("definitions merge as nixpkgs merges them", needsNixpkgs, () => {
  const { merged, total } = compare(programs);
  assert.ok(merged > total / 3, `only ${merged} of ${total} have a value`);
});
