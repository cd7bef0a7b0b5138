/** Modules: options of their own, and a body that defines options of their own and of the modules that they use. */
import { CleaveError } from "../base/index.ts";
import type { OptionInfos } from "./inspect.ts";
import type { Config, Definitions, Freeform, Option, OptionTree } from "./option.ts";
import { captureOrigin, currentSource, type Origin } from "./position.ts";
import { describeValue } from "./problem.ts";
import type { Definable } from "./property.ts";
import { checkNames, checkType } from "./types/element.ts";
import type { Type } from "./types/type.ts";

declare const offers: unique symbol;
declare const needs: unique symbol;

/** The arguments that a module wants of `specialArgs`, with their types. */
export type Arguments = { readonly [name: string]: Type };
type ArgumentValue<T> = T extends Type<infer V, unknown> ? V : never;
export type ArgumentValues<A> = { readonly [K in keyof A]: ArgumentValue<A[K]> };

/** A module whose interface, its own options and those of the modules it uses, is `O`. */
export class Module<out O = None, out A = None> {
  declare readonly [offers]: O;
  declare readonly [needs]: A;
  readonly #declared: Declared;

  constructor(declared: Declared) {
    this.#declared = declared;
  }

  static declared(module: Module): Declared {
    return module.#declared;
  }
  static is(value: unknown): value is Module {
    return typeof value === "object" && value !== null && #declared in value;
  }
}

/** What is in a module. */
export type Declared = {
  readonly name: string;
  /** Modules with the same key are one module. */
  readonly key: unknown;
  readonly origin: Origin;
  readonly uses: readonly Module[];
  readonly imports: readonly Module[] | (() => readonly Module[]);
  readonly disabled: readonly Module[];
  readonly options: OptionTree | undefined;
  readonly freeform: Type | undefined;
  readonly args: Arguments | undefined;
  /** It stands outside of the modules, as the definitions given to an evaluation do. */
  readonly reachesAll: boolean;
  readonly body: ((context: never) => unknown) | undefined;
};

/** What a body hands back: made by `define`. */
export class Defined {
  readonly #definitions: unknown;

  constructor(definitions: unknown) {
    this.#definitions = definitions;
  }

  static is(value: unknown): value is Defined {
    return typeof value === "object" && value !== null && #definitions in value;
  }
  static definitions(defined: Defined): unknown {
    return defined.#definitions;
  }
}

/** What a body gets. */
export type Context<O, A> = {
  /** The values of the options in reach. Read it inside thunks only: the body itself runs before there are any. */
  readonly config: Config<O>;
  /** What is known about the options in reach. */
  readonly options: OptionInfos<O>;
  /** The arguments that the module wants. */
  readonly args: ArgumentValues<A>;
  /** In a submodule, the last name of its path: its own name in an attribute set. */
  readonly name: string;
  readonly define: (definitions: Definable<Definitions<O>>) => Defined;
};

export type Body<O, A> = (context: Context<O, A>) => Defined;

export type ModuleDeclaration<P, F, A> = {
  readonly options?: P;
  /** The type of all definitions whose names are not declared. */
  readonly freeformType?: F;
  /** What the module wants of `specialArgs`. */
  readonly args?: A;
  /** Modules that come along, without being in reach. A thunk where modules import each other. */
  readonly imports?: readonly Module[] | (() => readonly Module[]);
  /** Modules to leave out, whoever imports them. */
  readonly disabledModules?: readonly Module[];
  /** Modules with the same key are one module; a module is its own key otherwise. */
  readonly key?: string;
};

type Interface<P, F> = P & (F extends Type<infer V, infer I> ? Freeform<V, I> : unknown);

// biome-ignore lint/complexity/noBannedTypes: an interface without options
type None = {};

/** Define a module that uses no others. */
export function defineModule<
  P extends OptionTree = None,
  F extends Type | undefined = undefined,
  A extends Arguments = None,
>(
  name: string,
  declaration: ModuleDeclaration<P, F, A>,
  body?: Body<Interface<P, F>, A>,
): Module<Interface<P, F>, A> {
  return make(name, [], declaration, body, captureOrigin(defineModule));
}

/** The modules that a module is about to use: their options are in its reach. */
export class Reach<O, A> {
  declare readonly [offers]: O;
  declare readonly [needs]: A;
  readonly #uses: readonly Module[];
  readonly #source = currentSource();

  constructor(uses: readonly Module[]) {
    this.#uses = uses;
  }

  /** Define a module. */
  module<P extends OptionTree = None, F extends Type | undefined = undefined, B extends Arguments = None>(
    name: string,
    declaration: ModuleDeclaration<P, F, B>,
    body?: Body<Interface<P, F> & O, A & B>,
  ): Module<Interface<P, F> & O, A & B> {
    return make(name, this.#uses, declaration, body, captureOrigin(this.module, this.#source));
  }

  /** Define a module without options of its own, such as a package. */
  package(name: string, body: Body<O, A>): Module<O, A> {
    return make(name, this.#uses, nothing, body, captureOrigin(this.package, this.#source));
  }
}

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
/** The interfaces of some modules in one. */
export type OffersOf<M> =
  Intersection<M extends Module<infer O, unknown> ? { o: O } : never> extends { o: infer O } ? O : None;
export type NeedsOf<M> =
  Intersection<M extends Module<unknown, infer A> ? { a: A } : never> extends { a: infer A } ? A : None;

/** Choose the modules that a module uses. They are imported, and what they use is in reach as well. */
export function uses<const M extends readonly Module[]>(
  ...modules: M
): Reach<OffersOf<M[number]>, NeedsOf<M[number]>> {
  for (const each of modules) if (!Module.is(each)) checkModule(each, "uses()", captureOrigin(uses));
  return new Reach(modules);
}

const nothing = {};
const parts = [
  "options",
  "freeformType",
  "args",
  "imports",
  "disabledModules",
  "key",
] as const satisfies readonly (keyof ModuleDeclaration<unknown, unknown, unknown>)[];
const none: readonly never[] = Object.freeze([]);

function make<O, A>(
  name: string,
  used: readonly Module[],
  declaration: ModuleDeclaration<OptionTree, Type | undefined, Arguments>,
  body: ((context: never) => unknown) | undefined,
  origin: Origin,
): Module<O, A> {
  if (typeof name !== "string" || name === "")
    refuse(`the name of a module is a text, and not ${describeValue(name)}`, origin);
  if (typeof declaration !== "object" || declaration === null)
    refuse(
      `module ${name} is declared by a record, such as { options: {} }, and not by ${describeValue(declaration)}`,
      origin,
    );
  if (body !== undefined && typeof body !== "function")
    refuse(`the body of module ${name} is a function, and not ${describeValue(body)}`, origin);
  if (declaration !== nothing)
    checkNames(declaration, parts, `module ${name}`, { code: "module-invalid", origin });
  const { key, imports = none, disabledModules = none, options, freeformType, args } = declaration;
  for (const each of disabledModules) checkModule(each, `disabledModules of module ${name}`, origin);
  if (typeof imports !== "function")
    for (const each of imports) checkModule(each, `imports of module ${name}`, origin);
  if (freeformType !== undefined) checkType(freeformType, `freeformType of module ${name}`, origin);
  for (const [wanted, type] of Object.entries(args ?? {}))
    checkType(type, `args.${wanted} of module ${name}`, origin);
  const declared: Declared = {
    name,
    key,
    origin,
    uses: used,
    imports,
    disabled: disabledModules,
    options,
    freeform: freeformType,
    args,
    reachesAll: false,
    body,
  };
  return new Module<O, A>(declared);
}

function refuse(message: string, { location }: Origin): never {
  throw new CleaveError({
    code: "module-invalid",
    message,
    hint: 'a module is made by defineModule("name", { options }, ({ config, define }) => define({ … })), a package by uses(…).package("name", …)',
    location,
  });
}

/** Make a module that does nothing but define. It reaches all options, as it belongs to the evaluation itself. */
export function bodyOf(name: string, origin: Origin, definitions: unknown): Declared {
  return {
    name,
    key: undefined,
    origin,
    uses: [],
    imports: [],
    disabled: [],
    options: undefined,
    freeform: undefined,
    args: undefined,
    reachesAll: true,
    body: () => new Defined(definitions),
  };
}

/** Check that a value is a module. Throws `module-invalid`. */
export function checkModule(value: unknown, where: string, origin?: Origin): Declared {
  if (Module.is(value)) return Module.declared(value);
  throw new CleaveError({
    code: "module-invalid",
    message: `${where}: this is not a module: ${describeValue(value)}`,
    hint:
      value === undefined
        ? "a module that is not there yet was read: two files import each other; give imports as a thunk"
        : "make modules with defineModule, or with uses(…).module and uses(…).package",
    location: origin?.location,
  });
}

/** The options that a module declares itself. */
export function isOptionTree(value: Option | OptionTree): value is OptionTree {
  return Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;
}
