/**
 * Where the code of recipes runs: a compartment of SES over hardened intrinsics.
 *
 * The intrinsics of the whole process are hardened, because recipes and the module system hand objects to each other. What
 * SES leaves observable is taken away here: the clock and time zone, everything asynchronous, ways to evaluate text, and what
 * stacks tell of the machine.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";
import { CleaveError, isCheckout, ownModule } from "../base/index.ts";

export type Realm = {
  /** Evaluate an expression; errors call its source by `name`. */
  readonly evaluate: (code: string, name: string) => unknown;
  /** Make a value and all that can be reached from it unchangeable, and give it back. */
  readonly harden: <T>(value: T) => T;
};

/** Where in the code of a recipe an error was made. */
export type Thrown = { readonly name: string; readonly line: number; readonly column: number };

type Ses = {
  readonly lockdown: (options: Readonly<Record<string, string>>) => void;
  readonly harden: <T>(value: T) => T;
  readonly Compartment: new (
    options: Readonly<Record<string, unknown>>,
  ) => { readonly globalThis: Record<string, unknown>; readonly evaluate: (code: string) => unknown };
};

/** What recipes have besides the syntax. */
export const globals: readonly string[] = [
  ...["Infinity", "NaN", "undefined", "isFinite", "isNaN", "parseFloat", "parseInt"],
  ...["decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent"],
  ...["Array", "ArrayBuffer", "BigInt", "BigInt64Array", "BigUint64Array", "Boolean", "DataView", "JSON"],
  ...[
    "Int8Array",
    "Int16Array",
    "Int32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Uint16Array",
    "Uint32Array",
  ],
  ...["Iterator", "Map", "Math", "Number", "Object", "Reflect", "RegExp", "Set", "String", "Symbol"],
  ...["WeakMap", "WeakSet", "TextDecoder", "TextEncoder", "harden"],
  ...[
    "Error",
    "AggregateError",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
  ],
];

/** Properties that are no bindings of their own in strict code. */
const constants = new Set(["Infinity", "NaN", "undefined"]);

const scheme = "cleave-recipe:";

/**
 * What stands behind the globals: to SES a name that nobody has declared is `undefined`, and one that is misspelt would end up
 * in a derivation as that.
 */
const unknownNames = new Proxy(Object.create(null) as object, {
  has: (_, name) => typeof name === "string",
  get: (_, name) => {
    if (typeof name === "string") throw new ReferenceError(`${name} is not defined`);
    return undefined;
  },
});

let realm: Realm | undefined;
const thrown = new WeakMap<object, Thrown>();

/** Open the realm of this process. Its intrinsics are hardened from then on. */
export function openRealm(): Realm {
  realm ??= makeRealm();
  return realm;
}

/** Tell where in a recipe an error was made, as far as that is known. */
export function thrownAt(error: unknown): Thrown | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // Reading the stack makes the runtime call prepareStackTrace.
  void (error as { stack?: unknown }).stack;
  return thrown.get(error);
}

function makeRealm(): Realm {
  // It makes globals. Published, it is bundled anew: as it comes, it takes five times as long to load.
  const ses = isCheckout ? "ses" : fileURLToPath(ownModule("recipes/ses.cjs"));
  void (createRequire(import.meta.url)(ses) as typeof import("ses"));
  const { lockdown } = globalThis as unknown as Ses;
  lockdown({
    errorTaming: "unsafe",
    stackFiltering: "verbose",
    consoleTaming: "unsafe",
    overrideTaming: "moderate",
    localeTaming: "safe",
    domainTaming: "unsafe",
    errorTrapping: "none",
    unhandledRejectionTrapping: "none",
    reporting: "none",
  });
  hideStacks();
  const { Compartment, harden } = globalThis as unknown as Ses;
  const compartment = new Compartment({ __options__: true });
  const own = compartment.globalThis;
  const values: Record<string, unknown> = {};
  for (const name of globals) values[name] = own[name];
  for (const name of Reflect.ownKeys(own))
    if (!globals.includes(String(name))) Reflect.deleteProperty(own, name);
  Object.setPrototypeOf(own, unknownNames);
  harden(own);
  harden(values);
  const names = globals.filter((name) => !constants.has(name));
  return {
    evaluate: (code, name) => {
      // Globals of a compartment are slow: those that the code may use are bound as parameters.
      const used = names.filter((each) => code.includes(each)).join(",");
      const make = compartment.evaluate(`(({${used}})=>${code})\n//# sourceURL=${scheme}${encodeURI(name)}`);
      return (make as (given: object) => unknown)(values);
    },
    harden,
  };
}

/**
 * Let stacks tell nothing while code of recipes runs: they have the paths of this machine. Objects that the host has
 * captured a stack for, which are no errors, keep it.
 */
function hideStacks(): void {
  Error.prepareStackTrace = (error: unknown, sites: readonly NodeJS.CallSite[]) => {
    const text = sites.map((site) => `\n    at ${String(site)}`).join("");
    if (!(error instanceof Error)) return text;
    const own = sites.find((site) => nameOf(site)?.startsWith(scheme) === true);
    if (own !== undefined)
      thrown.set(error, {
        name: decodeURI((nameOf(own) ?? "").slice(scheme.length)),
        line: own.getLineNumber() ?? 1,
        column: own.getColumnNumber() ?? 1,
      });
    return recipesRun() ? "" : `${String(error)}${text}`;
  };
}

let depth = 0;
let overflowed = false;

/**
 * Do work in which code of recipes runs. Throws `recipe-overflow` where that has caught an overflow of the stack: what it did
 * then may depend on the machine.
 */
export function withRecipes<T>(work: () => T): T {
  depth += 1;
  let result: T;
  try {
    result = work();
  } finally {
    depth -= 1;
    if (overflowed && depth === 0) failOverflow();
  }
  return result;
}

/**
 * Take note of what code of a recipe has caught. Errors of cleave it cannot catch: they have the paths of this machine, and
 * what is wrong with a recipe is no value that it may go on with.
 */
export function noteCaught(error: unknown): void {
  if (error instanceof CleaveError) throw error;
  if (error instanceof RangeError && error.message === "Maximum call stack size exceeded") overflowed = true;
}

function failOverflow(): never {
  overflowed = false;
  throw new CleaveError({
    code: "recipe-overflow",
    message: "a recipe caught an overflow of the stack",
    hint: "how deep the stack is depends on the machine: end the recursion by a count of your own",
  });
}

/** Tell whether code of recipes is running, or may be handed what is made now. */
function recipesRun(): boolean {
  return depth > 0 || getCallSites(200).some(({ scriptName }) => scriptName === "");
}

function nameOf(site: NodeJS.CallSite): string | null | undefined {
  return site.getScriptNameOrSourceURL();
}
