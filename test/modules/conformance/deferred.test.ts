/** Modules as values of options, for other evaluations to import. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, type Module, mkOption, types, uses } from "../../../src/modules/index.ts";
import { failure } from "../../support/modules.ts";

const settings = defineModule("settings", {
  options: {
    settings: mkOption({ type: types.lazyAttrsOf(types.string), default: {}, description: "settings" }),
    bottom: mkOption({ type: types.enum(["only"]), default: "only", description: "one value only" }),
  },
});
const generic = defineModule("generic", {
  options: {
    standard: mkOption({ type: types.deferredModule, default: {}, description: "what every node imports" }),
    nodes: mkOption({
      type: types.lazyAttrsOf(types.submodule(settings)),
      default: {},
      description: "the nodes",
    }),
  },
});
const foo = uses(generic).module("foo", {}, ({ config, define }) =>
  define({
    nodes: {
      foo: () =>
        uses(settings).module("node foo", { imports: [config.standard] }, ({ config, define }) =>
          define({ settings: { b: "beta", c: () => config.settings["a"] ?? "" } }),
        ),
    },
  }),
);

test("a deferred module takes part in the evaluations that import it", () => {
  const aIsB = uses(settings).module("a is b", {}, ({ config, define }) =>
    define({ settings: { a: () => config.settings["b"] ?? "" } }),
  );
  const standard = uses(generic).module("standard", {}, ({ define }) => define({ standard: aIsB }));
  assert.equal(evalModules({ modules: [foo, standard] }).config.nodes["foo"]?.settings["c"], "beta");
});

test("an error of a deferred module names the file that defined it", () => {
  const bogus = uses(settings).module("bogus", {}, ({ define }) => define({ bottom: "bogus" as never }));
  const bad = uses(generic).module("bad", {}, ({ define }) => define({ standard: bogus }));
  const text = failure(() => evalModules({ modules: [foo, bad] }).config.nodes["foo"]?.bottom);
  for (const each of [/nodes\.foo\.bottom/, /"bogus"/, /module bogus at .*deferred\.test\.ts:\d+/])
    assert.match(text, each);
  const record = uses(generic).module("record", {}, ({ define }) =>
    define({ standard: { bottom: "bogus" } }),
  );
  const other = failure(() => evalModules({ modules: [foo, record] }).config.nodes["foo"]?.bottom);
  for (const each of [/nodes\.foo\.bottom/, /"bogus"/, /module record at .*deferred\.test\.ts:\d+/])
    assert.match(other, each);
});

test("a deferred module that is no module is refused", () => {
  const bad = uses(generic).module("bad", {}, ({ define }) => define({ standard: true as never as Module }));
  const text = failure(() => evalModules({ modules: [bad] }).config.standard);
  for (const each of [/standard/, /module bad/]) assert.match(text, each);
});
