/** What documentation says of options, and where they are declared. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { defineModule, describeOptions, type Module, mkOption, types } from "../../../src/modules/index.ts";

const int = mkOption({ type: types.int, description: "a number" });
const names = (...modules: Module[]) => describeOptions(modules).map(({ name }) => name);
const source = readFileSync(import.meta.filename, "utf8").split("\n");

/** Find the places of an option's declarations, as the texts of their lines. */
function linesOf(name: string, ...modules: Module[]): string[] {
  const document = describeOptions(modules).find((each) => each.name === name);
  assert.ok(document, `${name} is not documented`);
  return document.declarations.map(({ location }) => {
    assert.equal(location?.file, import.meta.filename);
    return source[(location?.line ?? 0) - 1]?.trim() ?? "";
  });
}

const written = defineModule("written", {
  options: {
    plain: mkOption({ type: types.int }),
    nested: {
      deep: mkOption({ type: types.int }),
    },
    sub: mkOption({
      type: types.submodule({
        options: {
          inside: mkOption({ type: types.int }),
        },
      }),
    }),
  },
});
const extra = defineModule("extra", {
  options: {
    sub: { more: mkOption({ type: types.int }) },
  },
});

test("the placeholder of a set is part of documented paths", () => {
  const type = types.attrsWith({
    elemType: types.submodule({ options: { nested: int } }),
    placeholder: "id",
  });
  const one = defineModule("one", { options: { set: mkOption({ type, description: "a set" }) } });
  const two = defineModule("two", {
    options: { set: mkOption({ type: types.attrsOf(types.submodule({ options: {} })) }) },
  });
  assert.deepEqual(names(one), ["set", "set.<id>.nested"]);
  assert.deepEqual(names(one, two), ["set", "set.<id>.nested"]);
});

test("an option knows the file and line of its declaration", () => {
  assert.deepEqual(linesOf("plain", written), ["plain: mkOption({ type: types.int }),"]);
  assert.deepEqual(linesOf("nested.deep", written), ["deep: mkOption({ type: types.int }),"]);
});

test("an option that is not written out knows the place of its module", () => {
  const generated = defineModule("generated", { options: Object.fromEntries([["made", int]]) });
  assert.match(linesOf("made", generated)[0] ?? "", /^const generated = defineModule/);
});

test("an option inside of a submodule knows the file and line of its declaration", () => {
  assert.deepEqual(linesOf("sub.inside", written), ["inside: mkOption({ type: types.int }),"]);
});

test("an option declared in two places knows both", () => {
  assert.deepEqual(linesOf("sub", written, extra).sort(), [
    "sub: mkOption({",
    "sub: { more: mkOption({ type: types.int }) },",
  ]);
});

test("documentation of a submodule does not evaluate its definitions", () => {
  const fails = defineModule("fails", { options: { bar: int } }, () => assert.fail("evaluated"));
  const outer = defineModule("outer", { options: { foo: mkOption({ type: types.submodule(fails) }) } });
  assert.deepEqual(names(outer), ["foo", "foo.bar"]);
});

const open = defineModule("open", {
  freeformType: types.attrsOf(types.submodule({ options: { bar: int } })),
  options: { bar: int },
});

test("documentation lists the options inside of a freeform type", () => {
  const outer = defineModule("outer", { options: { foo: mkOption({ type: types.submodule(open) }) } });
  assert.deepEqual(names(outer), ["foo", "foo.<name>.bar", "foo.bar"]);
});

test("documentation shows the empty value of a type as default", () => {
  const outer = defineModule("outer", {
    options: {
      list: mkOption({ type: types.listOf(types.int) }),
      maybe: mkOption({ type: types.nullOr(types.int) }),
      none: int,
    },
  });
  assert.deepEqual(
    describeOptions([outer]).map((each) => each.default),
    ["[]", "null", undefined],
  );
});

test("documentation leaves out what is internal or not visible, and all below it", () => {
  const type = types.submodule(open);
  const outer = defineModule("outer", {
    options: {
      shallow: mkOption({ type, visible: "shallow" }),
      yes: mkOption({ type, visible: true }),
      no: mkOption({ type, visible: false }),
      internal: mkOption({ type, internal: true }),
    },
  });
  assert.deepEqual(names(outer), ["shallow", "yes", "yes.<name>.bar", "yes.bar"]);
});

test("names that are no identifiers are quoted in paths, placeholders are not", () => {
  const odd = defineModule("odd", {
    options: { "{foo}": { "a b": mkOption({ type: types.listOf(types.submodule(open)) }) } },
  });
  assert.deepEqual(names(odd), ['"{foo}"."a b"', '"{foo}"."a b".*.<name>.bar', '"{foo}"."a b".*.bar']);
});
