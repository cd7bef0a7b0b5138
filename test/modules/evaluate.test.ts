import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
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

test("declarations are compiled once, however many packages use them", () => {
  let applied = 0;
  const shared = defineModule("shared", {
    options: {
      constant: mkOption({
        type: types.listOf(types.int),
        default: [1, 2],
        apply: (all) => {
          applied += 1;
          return all.length;
        },
      }),
      own: mkOption({ type: types.int }),
    },
  });
  const values = Array.from({ length: 100 }, (_, number) => {
    const own = uses(shared).package(`package ${number}`, ({ define }) => define({ own: number }));
    const { config } = evalModules({ modules: [own] });
    return config.constant + config.own;
  });
  assert.deepEqual(values.slice(0, 3), [2, 3, 4]);
  assert.equal(applied, 1);
});

test("a configuration looks like a frozen plain object", () => {
  const { config } = evalModules({ modules: [hello] });
  assert.deepEqual(Object.keys(config), Object.keys({ ...config }));
  assert.ok("name" in config);
  assert.equal("nmae" in config, false);
  assert.equal(Object.getPrototypeOf(config.meta), Object.prototype);
  assert.ok(Object.isFrozen(config.flags) && Object.isFrozen(config.phases));
  assert.equal(inspect(config.meta), "{ license: 'MIT' }");
  assert.equal(inspect(evalModules({ modules: [base] }).config).includes("[option-undefined]"), false);
  assert.equal(`${config}`, "[object Object]");
  assert.equal(Reflect.get(config, "__proto__"), Object.prototype);
  assert.throws(() => Object.defineProperty(config, "name", { value: "x" }), { code: "option-assigned" });
  assert.throws(() => Reflect.deleteProperty(config, "name"), { code: "option-assigned" });
});

test("a getter among definitions is read once for each evaluation", () => {
  let reads = 0;
  const getting = uses(base).package("getting", ({ define }) =>
    define({
      get name() {
        reads += 1;
        return `read ${reads}`;
      },
    }),
  );
  const { config } = evalModules({ modules: [getting] });
  assert.deepEqual([config.name, config.name], ["read 1", "read 1"]);
});

test("what a consumer awaits or stringifies is not taken for an option", async () => {
  const { config } = evalModules({ modules: [hello] });
  assert.equal(await Promise.resolve(config).then((each) => each.name), "hello");
  assert.ok(JSON.stringify(config).startsWith('{"configureFlags":["--disable-nls"],"doCheck":true,'));
});
