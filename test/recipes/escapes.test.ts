/**
 * Escapes: hostile recipes read nothing of the machine, write nothing, and reach no other recipe.
 *
 * An attempt is the body of a function. It has to be refused with a place, or fail, or end with nothing: `undefined`.
 */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { test } from "node:test";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Refused when the recipe is loaded: the name that the message has, and the code. */
const refused: readonly (readonly [name: string, code: string])[] = [
  ["Date", "return Date.now();"],
  ["Date", "return new Date(2020, 0, 1).getTimezoneOffset();"],
  ["Date", "return typeof Date;"],
  ["Temporal", "return Temporal.Now.instant();"],
  ["performance", "return performance.now();"],
  ["Math.random", "return Math.random();"],
  ["Math.random", "return Math['random']();"],
  ["crypto", "return crypto.randomUUID();"],
  ["Intl", "return new Intl.DateTimeFormat().resolvedOptions().timeZone;"],
  ["process", "return process.env.HOME;"],
  ["process", "const { env } = process; return env;"],
  ["globalThis", "return globalThis.process;"],
  ["globalThis", "return globalThis['pro' + 'cess'];"],
  ["global", "return global.process;"],
  ["self", "return self;"],
  ["navigator", "return navigator.hardwareConcurrency;"],
  ["require", "return require('fs');"],
  ["module", "return module.constructor;"],
  ["Buffer", "return Buffer.from('x').buffer;"],
  ["fetch", "return fetch('http://localhost');"],
  ["WebSocket", "return new WebSocket('ws://localhost');"],
  ["setTimeout", "return setTimeout(() => {}, 1);"],
  ["queueMicrotask", "queueMicrotask(() => {}); return 1;"],
  ["eval", "return eval('1');"],
  ["eval", "return (0, eval)('this');"],
  ["Function", "return new Function('return this')();"],
  ["WebAssembly", "return WebAssembly;"],
  ["Compartment", "return new Compartment().globalThis.Date;"],
  ["lockdown", "return lockdown;"],
  ["Promise", "Promise.resolve().then(() => {}); return 1;"],
  ["async function", "(async () => {})(); return 1;"],
  ["async function", "return Object.getPrototypeOf(async function* () {}).constructor;"],
  ["Proxy", "return new Proxy({}, {});"],
  ["SharedArrayBuffer", "return new SharedArrayBuffer(8);"],
  ["Atomics", "return Atomics;"],
  ["WeakRef", "return new WeakRef({});"],
  ["FinalizationRegistry", "return FinalizationRegistry;"],
  ["console", "console.log('x'); return 1;"],
  ["structuredClone", "return structuredClone({});"],
  ["__filename", "return __filename;"],
  ["import()", "return import('node:fs');"],
  ["import.meta", "return import.meta.url;"],
  ["$cleave", "return $cleave;"],
  ["$cleave", "return \\u0024cleave;"],
];

/** Evaluated, and of no use: each throws, or ends with nothing. */
const useless: readonly string[] = [
  "return (() => {}).constructor('return this')();",
  "return (function* () {}).constructor('return process')().next().value;",
  "return [].constructor.constructor('return process')();",
  "return Reflect.construct((() => {}).constructor, ['return process'])();",
  "return Object.getPrototypeOf(function* () {}).constructor('yield process')().next().value;",
  "return uses.constructor('return process')();",
  "return config.constructor.constructor('return process')();",
  "return file.constructor('return process')();",
  "return (function (this: any) { return this; })();",
  "return (function () { return (arguments as any).callee; })();",
  "return (function f() { return (f as any).caller; })();",
  "return new Error('x').stack || undefined;",
  "try { (null as any).x; } catch (error) { return (error as Error).stack || undefined; }",
  "return Object.getOwnPropertyDescriptor(new Error('x'), 'stack')?.value || undefined;",
  "const e = new Error('x'); harden(e); return e.stack || undefined;",
  "const e: any = {}; (Error as any).captureStackTrace(e); return e.stack || undefined;",
  "(Error as any).prepareStackTrace = (_: unknown, sites: unknown) => sites; return new Error('x').stack || undefined;",
  "try { file('./none'); } catch (error) { return (error as Error).stack || undefined; }",
  "try { uses(null as any); } catch (error) { return (error as Error).stack || undefined; }",
  "return file('/etc/passwd');",
  "try { file('./none'); } catch (error) { return (error as any).location.file; }",
  "try { file('./none'); } catch ({ location }: any) { return location.file; }",
  "try { config.nothing; } catch (error) { return (error as any).message; }",
  "let found: any; const look = (e: any) => { found = e; }; try { uses(null as any); } catch (e) { look(e); } return found?.location;",
  "return readText('../../../../../../../etc/passwd');",
  "return readText('./link');",
  "return readText('./etc/passwd');",
  "return file('.\\u0000');",
  "return readText({ toString: () => './x', startsWith: () => false, includes: () => false } as any);",
  "(Object.prototype as any).polluted = 1; return ({} as any).polluted;",
  "(Array.prototype as any).push = () => 7; return 7;",
  "({} as any).__proto__.polluted = 1; return 1;",
  "Object.defineProperty(Function.prototype, 'x', { value: 1 }); return 1;",
  "(uses as any).secret = 1; return 1;",
  "(rawDerivation as any).secret = 1; return 1;",
  "(Map.prototype as any).get = () => 1; return 1;",
  "Object.setPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()), null); return 1;",
  "(RegExp as any).$1 = 'x'; return (RegExp as any).$1 || undefined;",
  "'secret'.match(/(secret)/); return (RegExp as any).$1 || undefined;",
  "let n = 0; const f = (): void => { n += 1; f(); }; try { f(); } catch {} return n;",
  "let n = 0; const f = (): void => { n += 1; f(); }; try { f(); } finally { return n; }",
  "let n = 0; const f = (): void => { n += 1; f(); }; try { f(); } catch ({ message }) { return n; }",
  "(file('./own.txt') as any).content[0] = 1; return file('./own.txt').content[0] === 1 ? 1 : undefined;",
  "return Object.getOwnPropertyNames(Symbol).includes('dispose') && (undefined as any).x;",
  "return (new Error('x') as any).constructor.stackTraceLimit;",
  "return (0 as any).toLocaleString('de') === '0' ? undefined : 1;",
  "return 'i'.toLocaleUpperCase('tr') === 'I' ? undefined : 1;",
];

const recipe = (code: string): string =>
  rawRecipe("hostile", {
    imports: `import { file, readText } from "cleave/recipe";
// @ts-nocheck: an import( in a comment, and <!-- that too
const attempt = (config: any) => {
  ${code}
};
void [file, readText];`,
    env: {
      got: "(() => { const got = attempt(config); return got === undefined ? 'nothing' : 'got ' + String(got); })()",
    },
  });

function outcome(code: string): string {
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "set/hostile/package.ts": recipe(code),
    "set/hostile/own.txt": "own",
  });
  symlinkSync("/etc/passwd", `${temp.path}/set/hostile/link`);
  symlinkSync("/etc", `${temp.path}/set/hostile/etc`);
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
