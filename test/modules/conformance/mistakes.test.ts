/** Declarations and definitions that are wrong, and what the messages say of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkIf, mkOption, types, uses } from "../../../src/modules/index.ts";
import { failure } from "../../support/modules.ts";

const flag = mkOption({ type: types.bool, default: false, description: "whether it is on" });
const set = defineModule("set", { options: { set: { enable: flag } } });

/** Evaluate options with one definition of the whole, and get the error. */
function wrong(options: Parameters<typeof defineModule>[1]["options"], definitions: unknown): string {
  const declares = defineModule("declares", { options: options ?? {} });
  const defines = uses(declares).module("defines", {}, ({ define }) => define(definitions as never));
  return failure(() => JSON.stringify(evalModules({ modules: [declares, defines] }).config));
}

/** Define a module by options that the compiler would refuse. */
function wrongly(options: unknown) {
  return defineModule("wrong", { options: options as Record<never, never> });
}

test("a record called meta is an ordinary option", () => {
  const meta = defineModule("meta", {
    options: { meta: { foo: mkOption({ type: types.listOf(types.string), description: "texts" }) } },
  });
  const defines = uses(meta).module("defines", {}, ({ define }) => define({ meta: { foo: ["one", "two"] } }));
  assert.deepEqual(evalModules({ modules: [meta, defines] }).config.meta.foo, ["one", "two"]);
});

test("a body that is no record is refused with the module", () => {
  assert.match(wrong({ enable: flag }, mkIf(true, true as never)), /module defines/);
});

test("an option declaration among the definitions is refused with what was meant", () => {
  for (const definitions of [{ one: flag }, { nest: { two: flag } }]) {
    const text = wrong({}, definitions);
    for (const each of [/one|nest/, /module defines/, /hint: this is a declaration/])
      assert.match(text, each);
  }
});

test("an option declaration among the definitions of a submodule is refused with what was meant", () => {
  const sub = mkOption({ type: types.submodule({ options: {} }), default: {}, description: "a submodule" });
  const text = wrong({ sub }, { sub: { wrong: flag } });
  for (const each of [/sub\.wrong/, /module defines/, /hint: this is a declaration/])
    assert.match(text, each);
});

test("a definition of an unknown option is refused without forcing it", () => {
  for (const value of [true, () => assert.fail("forced")]) {
    const text = wrong({}, { enable: value });
    for (const each of [/enable/, /module defines/]) assert.match(text, each);
  }
});

test("an option that would be the parent of others is refused with both places", () => {
  const whole = defineModule("whole", {
    options: { set: mkOption({ type: types.attrsOf(types.int), default: {}, description: "a set" }) },
  });
  const text = failure(() => evalModules({ modules: [whole, set] }));
  for (const each of [/set/, /module set/, /module whole/, /attribute set of signed integer/])
    assert.match(text, each);
});

test("a type in place of an option is refused with the path", () => {
  for (const [options, path] of [
    [{ result: types.string }, /result/],
    [{ result: { here: types.string } }, /result\.here/],
  ] as const) {
    const text = failure(() => evalModules({ modules: [wrongly(options)] }));
    for (const each of [path, /module wrong/]) assert.match(text, each);
  }
});

test("an evaluation in place of an option is refused with the path", () => {
  const options = { result: evalModules({ modules: [] }) };
  const text = failure(() => evalModules({ modules: [wrongly(options)] }));
  for (const each of [/result/, /module wrong/]) assert.match(text, each);
});

test("a wrong nested name is answered with the nearest one", () => {
  assert.match(wrong({ set: { enable: flag } }, { set: { enabel: true } }), /did you mean set\.enable\?/);
});

test("a wrong outer name is answered with the nearest one", () => {
  assert.match(wrong({ set: { enable: flag } }, { sea: { enable: true } }), /did you mean set\?/);
});

test("a wrong name near several is answered with those, the nearest first", () => {
  const options = { foo: flag, bar: flag, baz: flag };
  assert.match(wrong(options, { bay: true }), /did you mean bar or baz\?/);
  assert.match(wrong(options, { far: true }), /did you mean bar\?/);
});

test("a wrong name among a thousand options is answered with the nearest three", () => {
  const letters = [..."abcdefghij"];
  const names = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
  const many = Object.fromEntries([...names, "enable", "enabled", "disable"].map((name) => [name, flag]));
  assert.match(wrong(many, { enble: true }), /did you mean enable or \w+ or \w+\?/);
});

test("a wrong name in a submodule is answered with the whole path", () => {
  const service = types.submodule({
    options: { enable: flag, port: mkOption({ type: types.int, default: 80 }) },
  });
  const services = mkOption({ type: types.attrsOf(service), default: {}, description: "services" });
  const text = wrong({ services }, { services: { web: { prot: 9000 } } });
  for (const each of [/services\.web\.prot/, /did you mean services\.web\.port\?/]) assert.match(text, each);
});

test("a wrong name deep in a submodule is answered with quoted path segments", () => {
  const text = mkOption({ type: types.string, default: "", description: "text" });
  const host = types.submodule({ options: { ssl: { certificate: text, certificateKey: text } } });
  const hosts = mkOption({ type: types.attrsOf(host), default: {}, description: "hosts" });
  const message = wrong({ hosts }, { hosts: { "example.com": { ssl: { certficate: "/path" } } } });
  for (const each of [
    /hosts\."example\.com"\.ssl\.certficate/,
    /did you mean hosts\."example\.com"\.ssl\.certificate/,
  ])
    assert.match(message, each);
});
