/** What hostile recipes try: each attempt is the body of a function. */
import { symlinkSync } from "node:fs";
import { rawRecipe, writeFiles } from "./recipes.ts";

/** Refused when the recipe is loaded: the name that the message has, and the code. */
export const refused: readonly (readonly [name: string, code: string])[] = [
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
export const useless: readonly string[] = [
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

/** Write a folder with a recipe that makes an attempt, and with what it may try to read. */
export function writeHostile(folder: string, name: string, code: string): void {
  writeFiles(folder, {
    "package.ts": rawRecipe(name, {
      imports: `import { file, readText } from "cleave/recipe";
// @ts-nocheck: an import( in a comment, and <!-- that too
const attempt = (config: any) => {
  ${code}
};
void [file, readText];`,
      env: {
        got: "(() => { const got = attempt(config); return got === undefined ? 'nothing' : 'got ' + String(got); })()",
      },
    }),
    "own.txt": "own",
  });
  symlinkSync("/etc/passwd", `${folder}/link`);
  symlinkSync("/etc", `${folder}/etc`);
}
