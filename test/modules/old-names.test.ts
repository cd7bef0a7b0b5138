/** Old and second names, of options and of what is inside of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defineModule,
  evalModules,
  mkAliasOption,
  mkBefore,
  mkDefault,
  mkIf,
  mkMerge,
  mkOption,
  mkRenamedOption,
  types,
  uses,
} from "cleave/modules";

const part = defineModule("part", {
  options: {
    level: mkOption({ type: types.int, default: 1 }),
    flags: mkOption({ type: types.listOf(types.string) }),
  },
});
const service = defineModule("service", {
  options: {
    level: mkRenamedOption<number, number>(["settings", "main", "level"]),
    flags: mkAliasOption<readonly string[], readonly string[]>(["part", "flags"]),
    settings: mkOption({ type: types.attrsOf(types.attrsOf(types.int)), default: {} }),
    part: mkOption({ type: types.submodule(part), default: {} }),
  },
});

test("an old name may stand for what is inside of an option: an attribute, or an option of a submodule", () => {
  const old = uses(service).package("old", ({ define }) =>
    define({ level: mkDefault(3), flags: mkIf(() => true, mkBefore(["first"])) }),
  );
  const evaluated = evalModules({ modules: [old] }, { part: { flags: ["second"] } });
  const { config } = evaluated;
  assert.deepEqual(config.settings, { main: { level: 3 } });
  assert.deepEqual(config.part.flags, ["first", "second"]);
  assert.deepEqual([config.level, config.flags], [3, ["first", "second"]]);
  assert.match(
    evaluated.warnings.join(),
    /^the option level, defined by module old at .*:\d+:14, is now called settings\.main\.level$/,
  );
  const forced = evaluated.extendModules({ definitions: { settings: { main: { level: 4 } } } });
  assert.equal(forced.config.level, 4);
  assert.deepEqual(
    forced.explain("level").definitions.map(({ module, outcome, priority }) => [module, outcome, priority]),
    [
      ["extendModules", "used", 100],
      ["old", "overridden", 1000],
    ],
  );
});

test("conditions and merged definitions under a second name are those of what it stands for", () => {
  const never = () => assert.fail("it ran");
  const { config } = evalModules(
    { modules: [service] },
    mkMerge([
      { level: mkIf(false, never) },
      { level: mkMerge([mkDefault(1), 2]) },
      mkIf(false, { level: never }),
    ]),
  );
  assert.deepEqual(config.settings, { main: { level: 2 } });
});

test("a module that reads an option under its old name is a warning, with the first place", () => {
  const x = mkOption({ type: types.int, default: 1 });
  const base = defineModule("base", {
    options: {
      x,
      group: { old: mkRenamedOption(x), second: mkAliasOption(x) },
      y: mkOption({ type: types.int }),
    },
  });
  const reads = uses(base).package("reads", ({ config, define }) =>
    define({
      y: () => config.group.old + config.group.second + config.group.old,
    }),
  );
  const evaluated = evalModules({ modules: [reads] });
  assert.equal(evaluated.config.group.old, 1);
  assert.deepEqual(evaluated.warnings, []);
  assert.equal(evaluated.config.y, 3);
  assert.match(
    evaluated.warnings.join(),
    /^the option group\.old, read by module reads at .*old-names\.test\.ts:\d+:\d+, is now called x$/,
  );
});
