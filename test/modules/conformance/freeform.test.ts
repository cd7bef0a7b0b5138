/** Modules that take names beyond the options that they declare. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  describeOptions,
  evalModules,
  mkDefault,
  mkIf,
  mkMerge,
  mkOption,
  types,
  uses,
} from "../../../src/modules/index.ts";
import { failure } from "../../support/modules.ts";

const textOrTexts = types.either(types.string, types.attrsOf(types.string));
const strict = defineModule("strict", { freeformType: types.attrsOf(textOrTexts) });
const lazy = defineModule("lazy", { freeformType: types.lazyAttrsOf(textOrTexts) });
const flag = mkOption({ type: types.bool, default: false, description: "whether it is on" });
const value = uses(strict).module("value", {}, ({ define }) => define({ value: "24" }));

test("a freeform module takes a value without a declared option", () => {
  assert.equal(evalModules({ modules: [strict, value] }).config["value"], "24");
});

test("words that a module uses itself can be names of freeform values", () => {
  const words = uses(strict).module("words", {}, ({ define }) =>
    define({ a: "one", meta: "meta", class: { just: "data" }, options: "o", config: "c", imports: "i" }),
  );
  assert.deepEqual(evalModules({ modules: [strict, words] }).config, {
    a: "one",
    class: { just: "data" },
    config: "c",
    imports: "i",
    meta: "meta",
    options: "o",
  });
});

test("a freeform module without definitions is empty", () => {
  assert.deepEqual(evalModules({ modules: [strict] }).config, {});
});

test("a freeform value of the wrong type is refused", () => {
  const list = uses(strict).module("list", {}, ({ define }) => define({ value: [] as never }));
  assert.match(
    failure(() => evalModules({ modules: [strict, list] }).config["value"]),
    /value.*\n.*module list/,
  );
});

test("conditions and priorities of freeform values are applied", () => {
  const weak = uses(strict).module("weak", {}, ({ define }) => define({ value: mkDefault("weak") }));
  const merged = uses(strict).module("merged", {}, ({ define }) =>
    define({ value: mkMerge([mkIf(false, "no"), "yes"]) }),
  );
  assert.equal(evalModules({ modules: [strict, weak, merged] }).config["value"], "yes");
});

test("declared options stand beside freeform values and keep their own type", () => {
  const enable = defineModule("enable", { options: { enable: flag } });
  const { config } = evalModules({ modules: [strict, value, enable] });
  assert.equal(config.enable, false);
  assert.equal(config["value"], "24");
});

test("a freeform value stands beside a declared option inside of a nested record", () => {
  const nest = defineModule("nest", { options: { nest: { foo: flag } } });
  const bar = uses(strict, nest).module("bar", {}, ({ define }) => define({ nest: { bar: "bar" } } as never));
  const config: unknown = evalModules({ modules: [strict, nest, bar] }).config;
  assert.deepEqual(config, { nest: { bar: "bar", foo: false } });
});

test("a declared option can depend on whether a freeform value is there", () => {
  const foo = uses(strict).module(
    "foo",
    { options: { foo: mkOption({ type: types.nullOr(types.string), default: null, description: "foo" }) } },
    ({ config, define }) =>
      define({
        foo: mkIf(
          () => "value" in config,
          () => config["value"] as string,
        ),
      } as never),
  );
  assert.equal(evalModules({ modules: [strict, foo] }).config.foo, null);
  assert.equal(evalModules({ modules: [strict, foo, value] }).config.foo, "24");
});

/** Modules that declare `text` and define the freeform `foo` by it. */
function fooByText(base: typeof strict | typeof lazy) {
  const text = defineModule("text", {
    options: { text: mkOption({ type: types.nullOr(types.string), default: null, description: "a text" }) },
  });
  const foo = uses(base, text).module("foo", {}, ({ config, define }) =>
    define({
      foo: mkIf(
        () => config.text !== null,
        () => config.text ?? "",
      ),
    } as never),
  );
  const given = uses(text).module("given", {}, ({ define }) => define({ text: "24" }));
  return { text, foo, given };
}

test("a freeform value of a strict set can depend on a declared option", () => {
  const { text, foo, given } = fooByText(strict);
  assert.deepEqual(evalModules({ modules: [strict, text, foo] }).config, { text: null });
  assert.deepEqual(evalModules({ modules: [strict, text, foo, given] }).config, { foo: "24", text: "24" });
});

test("a freeform value of a lazy set whose condition fails is reported as not defined", () => {
  const { text, foo } = fooByText(lazy);
  const config = evalModules({ modules: [lazy, text, foo] }).config as Readonly<Record<string, unknown>>;
  assert.match(
    failure(() => config["foo"]),
    /foo.*\n.*module foo/,
  );
});

test("a freeform value of a lazy set can depend on a declared option", () => {
  const { text, foo, given } = fooByText(lazy);
  const config = evalModules({ modules: [lazy, text, foo, given] }).config as Readonly<
    Record<string, unknown>
  >;
  assert.equal(config["foo"], "24");
});

const sub = (name: string) =>
  defineModule(name, {
    freeformType: types.attrsOf(
      types.submodule({
        options: { [name]: mkOption({ type: types.nullOr(types.int), default: null, description: name }) },
      }),
    ),
  });

test("options inside of a freeform type know where they were declared", () => {
  const [document] = describeOptions([sub("foo")]);
  assert.equal(document?.name, "<name>.foo");
  assert.match(document?.declarations[0]?.location?.file ?? "", /freeform\.test\.ts$/);
});

test("freeform types of several modules are merged", () => {
  const foo = sub("foo");
  const bar = sub("bar");
  const values = uses(foo, bar).module("values", {}, ({ define }) =>
    define({ x: { foo: 10 }, y: { bar: 10 } } as never),
  );
  assert.deepEqual(evalModules({ modules: [foo, bar, values] }).config, {
    x: { bar: null, foo: 10 },
    y: { bar: 10, foo: null },
  });
});

test("a freeform type that is not a set is refused", () => {
  for (const type of [types.either(types.int, types.int), types.nullOr(types.int), types.int]) {
    const wrong = defineModule("wrong", { freeformType: type as never });
    const values = uses(wrong).module("values", {}, ({ define }) => define({ int: 42 } as never));
    assert.match(
      failure(() => JSON.stringify(evalModules({ modules: [wrong, values] }).config)),
      /module values/,
    );
  }
});

test("a freeform set of either accepts what one of its types accepts", () => {
  const either = defineModule("either", { freeformType: types.attrsOf(types.either(types.int, types.int)) });
  const values = uses(either).module("values", {}, ({ define }) => define({ int: 42 }));
  assert.equal(evalModules({ modules: [either, values] }).config["int"], 42);
});
