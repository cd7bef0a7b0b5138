/** Definitions, conditions and priorities, at every depth at which they can stand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  evalModules,
  mkForce,
  mkIf,
  mkOption,
  types,
  uses,
} from "../../../src/modules/index.ts";

const enable = { enable: mkOption({ type: types.bool, default: false, description: "whether it is on" }) };
const one = defineModule("one", { options: enable });
const many = defineModule("many", {
  options: {
    sub: mkOption({
      type: types.attrsOf(types.submodule({ options: enable })),
      default: {},
      description: "entries",
    }),
  },
});
const on = uses(one).module("on", {}, ({ define }) => define({ enable: true }));
const fooOn = uses(many).module("fooOn", {}, ({ define }) => define({ sub: { foo: { enable: true } } }));
const fooEmpty = uses(many).module("fooEmpty", {}, ({ define }) => define({ sub: { foo: {} } }));
const barEmpty = uses(many).module("barEmpty", {}, ({ define }) => define({ sub: { bar: {} } }));
const barOn = uses(many).module("barOn", {}, ({ define }) => define({ sub: { bar: { enable: true } } }));
/** The same definition, forced at each depth. */
const forced = {
  body: uses(many).module("forced", {}, ({ define }) => define(mkForce({ sub: { foo: { enable: false } } }))),
  all: uses(many).module("forced", {}, ({ define }) => define({ sub: mkForce({ foo: { enable: false } }) })),
  entry: uses(many).module("forced", {}, ({ define }) =>
    define({ sub: { foo: mkForce({ enable: false }) } }),
  ),
  value: uses(many).module("forced", {}, ({ define }) =>
    define({ sub: { foo: { enable: mkForce(false) } } }),
  ),
};
/** The same definition, under a condition at each depth. */
const conditional = {
  body: uses(one, many).module("conditional", {}, ({ config, define }) =>
    define(mkIf(() => config.enable, { sub: { foo: { enable: true } } })),
  ),
  all: uses(one, many).module("conditional", {}, ({ config, define }) =>
    define({ sub: mkIf(() => config.enable, { foo: { enable: true } }) }),
  ),
  entry: uses(one, many).module("conditional", {}, ({ config, define }) =>
    define({ sub: { foo: mkIf(() => config.enable, { enable: true }) } }),
  ),
  value: uses(one, many).module("conditional", {}, ({ config, define }) =>
    define({ sub: { foo: { enable: mkIf(() => config.enable, true) } } }),
  ),
};

test("an option that nobody defines has its default", () => {
  assert.equal(evalModules({ modules: [one] }).config.enable, false);
});

test("a definition beats the default", () => {
  assert.equal(evalModules({ modules: [one, on] }).config.enable, true);
});

test("mkForce around a whole body forces each option in it", () => {
  const off = uses(one).module("off", {}, ({ define }) => define(mkForce({ enable: false })));
  assert.equal(evalModules({ modules: [one, on, off] }).config.enable, false);
});

test("mkForce around one value beats plain definitions", () => {
  const off = uses(one).module("off", {}, ({ define }) => define({ enable: mkForce(false) }));
  assert.equal(evalModules({ modules: [one, on, off] }).config.enable, false);
});

test("an entry of attrsOf that nobody defines is not there", () => {
  const { sub } = evalModules({ modules: [many] }).config;
  assert.deepEqual(Object.keys(sub), []);
  assert.equal(sub["foo"], undefined);
});

test("an empty definition of an entry makes it, with the defaults of its submodule", () => {
  assert.deepEqual(evalModules({ modules: [many, fooEmpty] }).config.sub, { foo: { enable: false } });
  assert.equal(evalModules({ modules: [many, fooEmpty, barEmpty] }).config.sub["bar"]?.enable, false);
});

test("a definition inside an entry beats the default there", () => {
  assert.equal(evalModules({ modules: [many, fooOn] }).config.sub["foo"]?.enable, true);
  assert.equal(evalModules({ modules: [many, fooEmpty, barOn] }).config.sub["bar"]?.enable, true);
});

test("mkForce around all entries takes away the plain definitions of the entry", () => {
  for (const force of [forced.body, forced.all])
    assert.equal(evalModules({ modules: [many, fooOn, force] }).config.sub["foo"]?.enable, false);
});

test("mkForce around an entry takes away the plain definitions of it", () => {
  assert.equal(evalModules({ modules: [many, fooOn, forced.entry] }).config.sub["foo"]?.enable, false);
});

test("mkForce on an option inside an entry beats the plain definition", () => {
  assert.equal(evalModules({ modules: [many, fooOn, forced.value] }).config.sub["foo"]?.enable, false);
});

test("defining one entry makes no other", () => {
  assert.deepEqual(Object.keys(evalModules({ modules: [many, fooEmpty] }).config.sub), ["foo"]);
});

test("mkForce around all entries takes away entries that were defined plainly", () => {
  for (const force of [forced.body, forced.all])
    assert.deepEqual(evalModules({ modules: [many, fooEmpty, barOn, force] }).config.sub, {
      foo: { enable: false },
    });
});

test("mkForce around or inside one entry leaves the other entries alone", () => {
  for (const force of [forced.entry, forced.value])
    assert.equal(evalModules({ modules: [many, fooEmpty, barOn, force] }).config.sub["bar"]?.enable, true);
});

test("mkIf of false around a whole body defines nothing", () => {
  assert.deepEqual(evalModules({ modules: [one, many, conditional.body] }).config.sub, {});
});

test("mkIf of false around all entries defines none", () => {
  assert.deepEqual(evalModules({ modules: [one, many, conditional.all] }).config.sub, {});
});

test("mkIf of false around an entry leaves the entry out", () => {
  assert.deepEqual(evalModules({ modules: [one, many, conditional.entry] }).config.sub, {});
});

test("mkIf of false inside an entry makes the entry and leaves the default", () => {
  assert.deepEqual(evalModules({ modules: [one, many, conditional.value] }).config.sub, {
    foo: { enable: false },
  });
});

test("mkIf of true around a body, all entries, one entry or one option defines it", () => {
  for (const module of Object.values(conditional))
    assert.deepEqual(evalModules({ modules: [one, many, on, module] }).config.sub, { foo: { enable: true } });
});
