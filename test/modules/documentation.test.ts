/** What documentation says of options that are declared in more than one place, or in an odd way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  describeOptions,
  type Module,
  mkDefault,
  mkIf,
  mkOption,
  mkRenamedOption,
  mkValue,
  type OptionTree,
  types,
} from "cleave/modules";

/** Describe some options: name, type and default of each. */
function describe(options: OptionTree): readonly (readonly (string | undefined)[])[] {
  return describeOptions([defineModule("m", { options })]).map((each) => [
    each.name,
    each.type,
    each.default,
  ]);
}

test("an option of a submodule that two modules declare is described once, as it is merged", () => {
  const text = mkOption({ type: types.enum(["a"]), default: "a", description: "A letter." });
  const one = defineModule("one", { options: { text, old: mkRenamedOption(text) } });
  const two = defineModule("two", { options: { text: mkOption({ type: types.enum(["b"]) }) } });
  const gone = defineModule("gone", { options: { gone: text } });
  const without = defineModule("without", { disabledModules: [gone] });
  const sub = mkOption({ type: types.listOf(types.submodule([one, two, gone, without])) });
  const documents = describeOptions([defineModule("m", { options: { sub } })]);
  assert.deepEqual(
    documents.map(({ name, type, description, declarations }) => [
      name,
      type,
      description,
      declarations.map(({ module }) => module),
    ]),
    [
      ["sub", "list of (submodule)", undefined, ["m"]],
      ["sub.*.text", 'one of "b", "a"', "A letter.", ["two", "one"]],
    ],
  );
});

test("a default of null is shown, whatever the type", () => {
  assert.deepEqual(
    describe({
      any: mkOption({ type: types.anything, default: null }),
      enum: mkOption({ type: types.enum([null, 1]), default: null }),
      json: mkOption({ type: types.json, default: null }),
    }).map(([, , standard]) => standard),
    ["null", "null", "null"],
  );
});

test("a default that is computed is shown as it is written", () => {
  assert.deepEqual(
    describe({
      condition: mkOption({ type: types.listOf(types.int), default: [mkIf<number>(true, 4)] }),
      function: mkOption({ type: types.functionTo(types.int), default: mkValue(() => 1) }),
      priority: mkOption({ type: types.int, default: mkDefault<number>(3) }),
      thunk: mkOption({ type: types.int, default: () => 1 + 1 }),
    }).map(([, , standard]) => standard),
    ["[mkIf(true, 4)]", "mkValue(a function)", "mkOverride(1000, 3)", "() => 1 + 1"],
  );
});

const node: Module<{ readonly name: typeof name }> = defineModule("node", {
  options: { name: mkOption({ type: types.string, default: "" }) },
  imports: () => [children],
});
const name = mkOption({ type: types.string });
const children = defineModule("children", {
  options: { children: mkOption({ type: types.attrsOf(types.submodule(node)), default: {} }) },
});

test("a submodule that holds itself is described once", () => {
  assert.deepEqual(
    describeOptions([node]).map((each) => each.name),
    ["children", "children.<name>.children", "children.<name>.name", "name"],
  );
  const inner = { type: "object", additionalProperties: { type: "object" } };
  assert.deepEqual(types.submodule(node).schema(), {
    type: "object",
    properties: { children: inner, name: { type: "string" } },
    additionalProperties: false,
  });
});
