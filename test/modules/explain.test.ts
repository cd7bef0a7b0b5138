/** `explain` and the documentation of options, as users read them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checks,
  defineModule,
  describeExplanation,
  describeOptions,
  documentsToJson,
  documentsToMarkdown,
  evalModules,
  mkAfter,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOption,
  mkRenamedOption,
  types,
  uses,
} from "cleave/modules";
import { repository } from "../support/cleave.ts";
import { golden } from "../support/golden.ts";

const phase = defineModule("phase", {
  options: {
    script: mkOption({ type: types.lines, default: "", description: "What it runs." }),
    enable: mkOption({ type: types.bool, default: true }),
    secret: mkOption({ type: types.bool, default: true, internal: true }),
  },
});

const flags = mkOption({
  type: types.listOf(types.string),
  default: [],
  example: ["--with-`quotes`"],
  description: "Flags for `configure`.",
});

const base = defineModule("base", {
  options: {
    name: mkOption({ type: types.string, description: "The name of the package." }),
    doCheck: mkOption({ type: types.bool, default: true }),
    flags,
    configureFlags: mkRenamedOption(flags),
    env: mkOption({ type: types.attrsOf(types.string), default: {} }),
    phases: mkOption({ type: types.attrsOf(types.submodule(phase)), default: {} }),
    drv: mkOption({ type: types.raw, readOnly: true, defaultText: "the derivation" }),
    hidden: mkOption({ type: types.attrsOf(types.submodule(phase)), default: {}, visible: "shallow" }),
  },
});

const tools = uses(base).module("tools", {}, ({ config, define }) =>
  define({
    flags: mkMerge([
      () => ["--prefix", config.name],
      mkAfter(["last"]),
      mkIf(() => !config.doCheck, ["never"]),
    ]),
    env: { LANG: mkDefault("C"), TZ: "UTC" },
    phases: { build: { script: mkIf(() => config.doCheck, "make check") } },
  }),
);

const hello = uses(tools).package("hello", ({ define }) => {
  const weak = mkDefault<readonly string[]>(["weak"]);
  return define({
    name: "hello",
    flags: weak,
    env: { LANG: mkForce("de") },
    phases: { build: { script: mkForce("true") }, install: () => ({ enable: false }) },
  });
});

const here = repository.replace(/\/?$/, "/");

test("explain tells of definitions, discarded ones, the default, and readers", () => {
  const evaluated = evalModules({ modules: [hello] });
  const paths = [
    "name",
    "flags",
    "doCheck",
    "env",
    "env.LANG",
    "phases.build.script",
    "phases.install.enable",
    "drv",
  ];
  golden(
    "modules/explain.txt",
    paths.map((path) => describeExplanation(evaluated.explain(path)).replaceAll(here, "")).join("\n"),
  );
});

test("explain changes nothing, and nothing is run for it that was not", () => {
  let runs = 0;
  const counted = uses(base).package("counted", ({ define }) =>
    define({
      name: () => {
        runs += 1;
        return "x";
      },
    }),
  );
  const evaluated = evalModules({ modules: [counted] });
  assert.equal(evaluated.config.name, "x");
  assert.equal(runs, 1);
  evaluated.explain("doCheck");
  assert.equal(evaluated.config.name, "x");
  const after = runs;
  assert.equal(evaluated.config.name, "x");
  assert.equal(runs, after);
});

test("a path is given with dots and quotes, or as names", () => {
  const { explain } = evalModules({ modules: [hello] }, { env: { "a.b": "c" } });
  assert.equal(explain('env."a.b"').value, "c");
  assert.equal(explain(["env", "a.b"]).value, "c");
});

const documents = describeOptions([hello, checks], { relativeTo: here });

test("options are documented as Markdown", () => {
  golden("modules/options.md", documentsToMarkdown(documents));
});

test("options are documented as JSON", () => {
  golden("modules/options.json", documentsToJson(documents));
});

test("a renamed option is a warning with its place", () => {
  const { config, warnings } = evalModules({ modules: [hello] }, { configureFlags: ["old"] });
  assert.deepEqual(config.flags, ["--prefix", "hello", "old", "last"]);
  assert.deepEqual(
    warnings.map((each) => each.replaceAll(here, "").replace(/:\d+:\d+/, "")),
    [
      "the option configureFlags, defined by module evalModules at test/modules/explain.test.ts, is now called flags",
    ],
  );
});
