/** Merging where types and declarations meet each other; some was found by the tests in `referee/`, which need nixpkgs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError } from "../../src/base/index.ts";
import {
  defineModule,
  evalModules,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkValue,
  type OptionDeclaration,
  type OptionFacts,
  types,
  uses,
} from "../../src/modules/index.ts";
import { Type } from "../../src/modules/types/type.ts";
import { evaluate } from "../support/modules.ts";

test("a priority of a submodule's definition as a whole says nothing of the options inside", () => {
  const inner = types.submodule({ options: { name: mkOption({ type: types.string, default: "inner" }) } });
  const outer = defineModule("outer", {
    options: { sub: mkOption({ type: inner, default: { name: "outer" } }) },
  });
  assert.equal(evalModules({ modules: [outer] }).config.sub.name, "outer");
  const forced = uses(outer).package("forced", ({ define }) => define({ sub: mkForce({ name: "whole" }) }));
  const within = uses(outer).package("within", ({ define }) =>
    define({ sub: mkForce({ name: mkForce("within") }) }),
  );
  assert.equal(evalModules({ modules: [forced, within] }).config.sub.name, "within");
});

test("either goes on to its second type where the first takes one definition only and fits none", () => {
  assert.equal(evaluate(types.either(types.uniq(types.lines), types.int), 7, 7), 7);
});

test("texts that are joined have their separator between them", () => {
  const module = defineModule("module", {
    options: {
      lines: mkOption({ type: types.lines }),
      commas: mkOption({ type: types.commas }),
      envVar: mkOption({ type: types.envVar }),
      words: mkOption({ type: types.separatedString(" ") }),
    },
  });
  const both = mkMerge<string>(["a", "b"]);
  const { config } = evalModules(
    { modules: [module] },
    { lines: both, commas: both, envVar: both, words: both },
  );
  assert.deepEqual({ ...config }, { commas: "a,b", envVar: "a:b", lines: "a\nb", words: "a b" });
});

test("a pattern matches the whole of a text, with its flags", () => {
  for (const [pattern, right, wrong] of [
    [/a+/m, "aa", "aa\nb"],
    [/a+|b/, "b", "ab"],
    [/^a$/, "a", "a\n"],
    [/[a-z]+/i, "aB", "a1"],
    [/a.b/s, "a\nb", "ab"],
    [/\p{L}+/u, "é", "1"],
    [/a/gy, "a", "aa"],
  ] as const) {
    const type = types.stringMatching(pattern);
    assert.equal(evaluate(type, right), right);
    assert.throws(() => evaluate(type, wrong), { code: "option-type" }, `${pattern}`);
  }
  assert.equal(types.stringMatching(/a/gi).description, "string matching the pattern a with the flags i");
  assert.deepEqual(types.stringMatching(/a/i).schema(), { type: "string" });
});

/** Declare an option `x` in two modules; the message of what is wrong with that. */
function declareTwice(one: Partial<OptionFacts>, two: Partial<OptionFacts>): string | undefined {
  const declares = (name: string, facts: Partial<OptionFacts>) =>
    defineModule(name, { options: { x: mkOption(facts as OptionDeclaration<unknown, unknown>) } });
  try {
    evalModules({ modules: [declares("one", one), declares("two", two)] });
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CleaveError && error.code === "option-declaration", String(error));
    return error.message.split("\n")[0];
  }
}

test("an option that is declared twice has no type that drops what one of them says", () => {
  const { int, string, addCheck, stringMatching, submoduleWith, attrsOf, attrsWith, attrTag } = types;
  const refused = (one: Type, two: Type): string | undefined => {
    const problem = declareTwice({ type: one }, { type: two });
    assert.equal(
      problem === undefined,
      declareTwice({ type: two }, { type: one }) === undefined,
      "both ways",
    );
    return problem?.replace("the option x is declared 2 times, ", "");
  };
  const sub = (word: string, description?: string) =>
    submoduleWith({
      modules: [],
      specialArgs: { word },
      ...(description === undefined ? {} : { description }),
    });
  const tag = (value: number) => attrTag({ a: mkOption({ type: int, default: value }) });
  assert.equal(
    refused(
      int,
      addCheck(int, () => true),
    ),
    "with types that have none in common, signed integer and signed integer:",
  );
  assert.match(
    refused(stringMatching(/a/), stringMatching(/a/i)) ?? "",
    /^with types that have none in common/,
  );
  assert.equal(refused(sub("a"), sub("b")), "as submodules with different arguments of the name word:");
  assert.equal(
    refused(attrsOf(sub("a")), attrsOf(sub("b"))),
    "as submodules with different arguments of the name word:",
  );
  assert.equal(refused(sub("a", "one"), sub("a", "two")), "as submodules with the descriptions two and one:");
  assert.equal(refused(sub("a", "one"), sub("a")), undefined);
  assert.equal(refused(tag(1), tag(2)), "and has its default twice, in the tag a:");
  assert.equal(
    refused(
      attrsWith({ elemType: string, placeholder: "a" }),
      attrsWith({ elemType: string, placeholder: "b" }),
    ),
    "with the placeholders b and a:",
  );
});

test("the description of a submodule is the one that is given", () => {
  const sub = (description?: string) =>
    mkOption({
      type: types.submoduleWith({ modules: [], ...(description === undefined ? {} : { description }) }),
    });
  const modules = [
    defineModule("one", { options: { x: sub("given") } }),
    defineModule("two", { options: { x: sub() } }),
  ];
  for (const each of [modules, modules.toReversed()])
    assert.equal(evalModules({ modules: each }).options["x"]?.type.description, "given");
});

test("the default of a tag is shown where the tag is declared", () => {
  const tagged = types.attrTag({ a: mkOption({ type: types.int, default: "wrong" as never }) });
  assert.throws(() => evaluate(tagged, { a: mkIf(false, 1) }), {
    message:
      /value\.a takes a signed integer.*\n {4}"wrong", by module attrTag at .*merge\.test\.ts:\d+:\d+$/,
  });
});

test("thunks and properties are taken off in lists and attribute sets of raw values too", () => {
  const never = mkIf<unknown>(false, 0);
  assert.deepEqual(evaluate(types.attrsOf(types.raw), { a: never, b: () => 1, c: mkForce<unknown>(2) }), {
    b: 1,
    c: 2,
  });
  assert.deepEqual(
    evaluate(types.listOf(types.nullOr(types.raw)), [never, () => 1, mkForce<unknown>(2)]),
    [1, 2],
  );
  const call = evaluate(types.listOf(types.rawOf<() => number>()), [mkValue(() => 7)])[0];
  assert.equal(call?.(), 7);
});

test("law: what is taken as it is, is no thunk and has no properties", () => {
  const made = Object.entries(types).flatMap(([name, each]) =>
    each instanceof Type ? [{ name, each }] : [],
  );
  assert.ok(made.length > 15);
  for (const { name, each } of [...made, { name: "rawOf", each: types.rawOf() }])
    for (const value of [() => 1, mkIf(true, 1), mkMerge([]), mkValue(1)])
      assert.notEqual(each.scalar?.(value), true, name);
});

test("a function whose results are conditioned away gives the empty value of their type", () => {
  const never = mkValue(() => mkIf<readonly string[]>(false, []));
  assert.deepEqual(evaluate(types.functionTo(types.listOf(types.string)), never)(), []);
  assert.throws(() => evaluate(types.functionTo(types.string), never)(), { code: "option-undefined" });
});

test("lines are compared as they are written, before the line feed at their end is taken off", () => {
  assert.equal(evaluate(types.singleLineString, "a\n", "a\n"), "a");
  assert.throws(() => evaluate(types.singleLineString, "a\n", "a"), { code: "option-conflict" });
});
