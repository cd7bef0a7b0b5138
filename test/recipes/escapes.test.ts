/**
 * Escapes: hostile recipes read nothing of the machine, write nothing, and reach no other recipe.
 *
 * An attempt has to be refused with a place, or fail, or end with nothing: `undefined`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { refused, useless, writeHostile } from "../support/hostile.ts";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

function outcome(code: string): string {
  using temp = temporaryFolder();
  writeHostile(`${temp.path}/set/hostile`, "hostile", code);
  const set = openSet(`${temp.path}/set`);
  try {
    return new Map(set.package("hostile").lower("joined").canonical.derivation.env).get("got") ?? "no value";
  } catch (error) {
    return error instanceof CleaveError ? describeError(error) : `bug: ${String(error)}`;
  }
}

test("recipes that name what they do not have are refused with place and hint", () => {
  for (const [name, code] of refused) {
    const text = outcome(code);
    assert.match(text, /^error\[recipe-forbidden\]: /, `${code}: ${text}`);
    assert.ok(text.includes(`a recipe has no ${name}`), `${code}: ${text}`);
    assert.match(text, /\/package\.ts:6:\d+\n {2}hint: /, `${code}: ${text}`);
  }
});

test("what can be named leads nowhere", () => {
  for (const code of useless) {
    const text = outcome(code);
    assert.ok(text === "nothing" || text.startsWith("error["), `${code}: ${text}`);
    assert.ok(!text.includes("root:x:0"), `${code}: ${text}`);
  }
  assert.ok(refused.length + useless.length >= 60);
});

test("nothing that a recipe is handed can be changed for others", () => {
  const attempts: readonly string[] = [
    "(config.outputs as any).push('more')",
    "(config.meta.license as any).push('more')",
    "(config.platforms.host as any).cpu = 'other'",
    "(config.inputs.libraries as any).lib.version = 'other'",
    "(config.inputs.libraries as any).lib.exports.programs.push('other')",
    "(config.inputs.libraries as any).lib.outputs.more = 'other'",
    "(config.list as any).push('other')",
    "(config.record as any).more = 'other'",
    "(config.list2 as any)[0].x = 'other'",
    "(config.raw as any).x = 'other'",
    "(config.raw as any).deep.push('other')",
  ];
  const recipe = (name: string, code: string): string =>
    rawRecipe(name, {
      env: {
        attempt: code,
        seen: "JSON.stringify([config.outputs, config.meta.license, config.platforms, (config.inputs.libraries as any).lib, config.list, config.record, config.list2, config.raw]).replaceAll('/nix/store/', 'S')",
      },
      more: 'libraries: { lib: "lib" },',
    })
      .replace("uses(rawDerivation)", "uses(rawDerivation, mine)")
      .replace("import { uses }", 'import { mine } from "../../lib/mine.ts";\nimport { uses }');
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "packages/lib/package.ts": rawRecipe("lib"),
    "lib/mine.ts": `import { defineModule, mkOption, types } from "cleave/modules";
export const mine = defineModule("mine", { options: {
  list: mkOption({ type: types.listOf(types.string), default: ["a"], description: "" }),
  record: mkOption({ type: types.attrsOf(types.string), default: { a: "b" }, description: "" }),
  list2: mkOption({ type: types.listOf(types.anything), default: [{ x: "y" }], description: "" }),
  raw: mkOption({ type: types.raw, default: { x: "y", deep: [] }, description: "" }),
} });
`,
    ...Object.fromEntries(
      attempts.map((code, index) => [
        `packages/try${index}/package.ts`,
        recipe(`try${index}`, `String(${code})`),
      ]),
    ),
    "packages/victim/package.ts": recipe("victim", '""'),
  });
  const seen = (set: ReturnType<typeof openSet>): string =>
    new Map(set.package("victim").lower("joined").canonical.derivation.env).get("seen") ?? "";
  const expected = seen(openSet(temp.path));
  for (const [index, code] of attempts.entries()) {
    const set = openSet(temp.path);
    try {
      void set.package(`try${index}`).interface;
    } catch (error) {
      assert.ok(error instanceof CleaveError, code);
    }
    assert.equal(seen(set), expected, code);
  }
});

test("what tells of places on the machine cannot be imported", () => {
  for (const name of ["evalModules", "describeOptions", "describeExplanation", "modulesIn"]) {
    using temp = temporaryFolder();
    const imports = `import { ${name} } from "cleave/modules"; void ${name};`;
    writeFiles(temp.path, { "a/package.ts": rawRecipe("a", { imports }) });
    assert.throws(() => openSet(temp.path).package("a").interface, /cleave\/modules exports no /);
  }
});

test("no recipe sees what another one has left behind", () => {
  const counting = (name: string) =>
    rawRecipe(name, {
      imports: `import { next, seen, shared } from "../../lib/state.ts";
import { uses as another } from "cleave/modules";
const tag = (strings: TemplateStringsArray) => strings;`,
      env: {
        count: "String(next())",
        seen: `String(seen("${name}"))`,
        closure: "String(shared())",
        symbol: "String(Symbol.keyFor(Symbol.for('x')) === 'x')",
        regex: "String(/a/g.test('a') && another !== undefined && tag`x`.length)",
      },
    });
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "packages/a/package.ts": counting("a"),
    "packages/b/package.ts": counting("b"),
    "lib/state.ts": `let n = 0;
export const next = (): number => { n += 1; return n; };
const names = new Set<string>();
export const seen = (name: string): number => { names.add(name); return names.size; };
const make = () => { const kept: number[] = []; return () => { kept.push(1); return kept.length; }; };
export const shared = make();
`,
  });
  const derivationOf = (attributes: readonly string[]): string[] => {
    const set = openSet(temp.path);
    return attributes.map((each) => set.package(each).interface.derivation);
  };
  const [alone] = derivationOf(["b"]);
  assert.equal(derivationOf(["a", "b"])[1], alone);
  assert.equal(derivationOf(["a", "a", "b"])[2], alone);
});
