/** Files that all recipes may share: none that could keep something from one recipe to the next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { translate } from "../../src/recipes/translate.ts";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

const isStateless = (code: string): boolean =>
  translate("/lib.ts", `import { defineModule, mkOption, types, uses } from "cleave/modules";\n${code}`, true)
    .stateless;

test("modules, constants and functions keep no state", () => {
  for (const code of [
    "export const flags = ['-O2'];",
    "export const m = defineModule('m', { options: { a: mkOption({ type: types.int, default: 1 }) } }, ({ config, define }) => define({ a: () => { let n = 0; for (const each of [1, 2]) n += each; return n; } }));",
    "const option = (description: string) => mkOption({ type: types.string, description });\nexport const m = defineModule('m', { options: { a: option('A') } });",
    "export function join(list: readonly string[]): string { let text = ''; for (let i = 0; i < list.length; i++) text += list[i]; return text; }",
    "export const table = Object.fromEntries(['a', 'b'].map((name) => [name, `lib${name}`]));",
    "export default defineModule('m', {});",
    "export const m = uses(defineModule('a', {})).package('b', ({ define }) => define({}));",
  ])
    assert.ok(isStateless(code), code);
});

test("what might keep something is run for each recipe", () => {
  for (const code of [
    "let n = 0; export const next = () => { n += 1; return n; };",
    "let n = 0; export { n };",
    "export const make = () => { const kept: number[] = []; return () => kept.push(1); };\nexport const shared = make();",
    "export const shared = (() => { const kept: number[] = []; return () => kept.push(1); })();",
    "export const shared = [[]].map((kept: number[]) => () => kept.push(1));",
    "const give = (kept: number[]) => () => kept.push(1);\nexport const shared = [[]].map(give);",
    "export class Counter { static n = 0; }",
    "export function* numbers() { yield 1; }",
    "export const f = function self() { (self as any).n = 1; };",
    "for (const each of [1]) { void each; }",
    "export const m = new Map();",
    "const tag = (strings: TemplateStringsArray) => strings; export const t = tag`x`;",
    "var n = 0; export function f() { return n++; }",
    "export const f = () => { let n = 0; return () => { n += 1; return n; }; };",
  ])
    assert.ok(!isStateless(code), code);
});

test("a shared file gives each recipe the same, and nobody can change what it gives", () => {
  using temp = temporaryFolder();
  const using = (name: string, expression: string): string =>
    rawRecipe(name, {
      imports: 'import { list, matches } from "../../lib/shared.ts";',
      env: { it: expression },
    });
  writeFiles(temp.path, {
    "lib/shared.ts":
      "export const list: string[] = ['a'];\nconst pattern = /a/g;\nexport const matches = (text: string) => pattern.test(text);\n",
    "packages/pushes/package.ts": using("pushes", "String(list.push('b'))"),
    "packages/first/package.ts": using("first", "`${matches('aa')} ${matches('aa')} ${matches('aa')}`"),
    "packages/second/package.ts": using("second", "`${matches('aa')} ${matches('aa')} ${matches('aa')}`"),
  });
  const set = openSet(temp.path);
  const value = (name: string) =>
    new Map(set.package(name).lower("joined").canonical.derivation.env).get("it");
  assert.throws(() => value("pushes"), /env.it throws|not extensible/);
  // Each with a pattern of its own, which goes on where it was.
  assert.equal(value("first"), "true true false");
  assert.equal(value("second"), "true true false");
});
