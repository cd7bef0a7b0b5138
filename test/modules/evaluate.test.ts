import assert from "node:assert/strict";
import { test } from "node:test";
import { defineModule, evalModules, mkDefault, mkForce, mkIf, mkOption, types, uses } from "cleave/modules";

const base = defineModule("base", {
  options: {
    name: mkOption({ type: types.string, description: "the name" }),
    doCheck: mkOption({ type: types.bool, default: true }),
    flags: mkOption({ type: types.listOf(types.string), default: [] }),
    std: mkOption({ type: types.enum(["c11", "c23"]), default: "c11" }),
    phases: mkOption({
      type: types.attrsOf(
        types.submodule({
          options: {
            script: mkOption({ type: types.string }),
            enable: mkOption({ type: types.bool, default: true }),
          },
        }),
      ),
      default: {},
    }),
    meta: { license: mkOption({ type: types.nullOr(types.string), default: null }) },
  },
});

const autotools = uses(base).module(
  "autotools",
  { options: { configureFlags: mkOption({ type: types.listOf(types.string), default: [] }) } },
  ({ config, define }) =>
    define({
      flags: () => ["--prefix", config.name],
      meta: { license: mkDefault("MIT") },
      std: mkForce("c23"),
      phases: {
        build: {
          script: mkIf(
            () => config.doCheck,
            () => "make check",
          ),
        },
      },
    }),
);

const hello = uses(autotools).package("hello", ({ define }) =>
  define({ name: "hello", configureFlags: ["--disable-nls"] }),
);

test("a package of three modules", () => {
  const { config } = evalModules({ modules: [hello] });
  const name: string = config.name;
  const std: "c11" | "c23" = config.std;
  assert.equal(name, "hello");
  assert.equal(std, "c23");
  assert.deepEqual(config, {
    configureFlags: ["--disable-nls"],
    doCheck: true,
    flags: ["--prefix", "hello"],
    meta: { license: "MIT" },
    name: "hello",
    phases: { build: { enable: true, script: "make check" } },
    std: "c23",
  });
  const script: string | undefined = config.phases["build"]?.script;
  assert.equal(script, "make check");
});
