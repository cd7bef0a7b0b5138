/** Options: what modules declare, and the types of configurations and definitions that follow from it. */
import type { Definable } from "./property.ts";
import { checkNames, checkType } from "./types/element.ts";
import { Type } from "./types/type.ts";

declare const values: unique symbol;
declare const definedAs: unique symbol;
/** The key under which an interface carries the type of names that are not declared. */
declare const freeform: unique symbol;

/** Who sees an option in documentation: all, nobody, or all but its sub-options. */
export type Visibility = boolean | "shallow";

export type OptionFacts = {
  readonly type: Type<unknown, unknown>;
  readonly default?: unknown;
  readonly defaultText?: string | undefined;
  readonly example?: unknown;
  readonly description?: string | undefined;
  readonly apply?: ((value: never) => unknown) | undefined;
  readonly readOnly?: boolean | undefined;
  readonly internal?: boolean | undefined;
  readonly visible?: Visibility | undefined;
};

const facts = [
  "type",
  "default",
  "defaultText",
  "example",
  "description",
  "apply",
  "readOnly",
  "internal",
  "visible",
] as const satisfies readonly (keyof OptionFacts)[];

/** A declared option with values of type `V`, which can be defined as an `I`. */
export class Option<out V = unknown, out I = unknown> {
  declare readonly [values]: V;
  declare readonly [definedAs]: I;
  readonly facts: OptionFacts;

  constructor(facts: OptionFacts) {
    this.facts = facts;
  }
}

/** Declared options; they nest in plain records. */
export type OptionTree = { readonly [name: string]: Option | OptionTree };

/** What is declared of an option whose type has values `V` and definitions `I`. */
export type OptionDeclaration<V, I> = {
  readonly type: Type<V, I>;
  readonly default?: NoInfer<Definable<I>>;
  /** What documentation says in place of the default, where that is computed. */
  readonly defaultText?: string;
  readonly example?: unknown;
  readonly description?: string;
  /** May be defined only once, its default included. */
  readonly readOnly?: boolean;
  /** Not for users: left out of documentation. */
  readonly internal?: boolean;
  readonly visible?: Visibility;
};

/**
 * Declare an option. Its default is a definition of priority 1500; `apply` turns the merged value into another.
 * Throws `option-declaration` where its type is none.
 */
export function mkOption<V, I>(
  declaration: OptionDeclaration<V, I> & { readonly apply?: never },
): Option<V, I>;
export function mkOption<V, I, W>(
  declaration: OptionDeclaration<V, I> & { readonly apply: (value: V) => W },
): Option<W, I>;
export function mkOption(declaration: OptionFacts): Option {
  checkType(declaration?.type, "mkOption");
  checkNames(declaration, facts, "mkOption", { code: "option-declaration" });
  return new Option(declaration);
}

/** A name that stands for another option, or for one that is gone. */
export class Alias<out V = unknown, out I = unknown> extends Option<V, I> {
  readonly kind: "alias" | "renamed" | "removed";
  /** The option, or its path, or what to do instead. */
  readonly target: Option | readonly string[] | string;

  constructor(kind: Alias["kind"], target: Alias["target"]) {
    super({ type: target instanceof Option ? target.facts.type : elsewhere, visible: false });
    this.kind = kind;
    this.target = target;
  }
}

const elsewhere: Type = new Type({
  name: "elsewhere",
  description: "what another option takes",
  merge: () => {
    throw new Error("an alias has no value of its own");
  },
  schema: () => ({}),
});

type Target<V, I> = Option<V, I> | readonly string[];

/** Declare a second name for an option: what is defined under it counts as that option's. */
export function mkAliasOption<V = unknown, I = unknown>(target: Target<V, I>): Option<V, I> {
  return new Alias("alias", target);
}

/** Declare the old name of an option: as {@link mkAliasOption}, and every definition under it is a warning. */
export function mkRenamedOption<V = unknown, I = unknown>(target: Target<V, I>): Option<V, I> {
  return new Alias("renamed", target);
}

/** Declare an option that is no more: to define or read it is `option-removed`, with `instead` as the hint. */
export function mkRemovedOption(instead: string): Option<never, never> {
  return new Alias("removed", instead);
}

/** What other modules declare below an option, which is a submodule then. */
type Below<O> = Omit<O, keyof Option>;

type ValueAt<O> =
  O extends Option<infer V, unknown> ? (keyof O extends keyof Option ? V : V & Config<Below<O>>) : Config<O>;
type DefinitionAt<O> =
  O extends Option<unknown, infer I>
    ? keyof O extends keyof Option
      ? I
      : I & Definitions<Below<O>>
    : Definitions<O>;

/** The values of the options of an interface. */
export type Config<O> = {
  readonly [K in keyof O as K extends string ? K : never]: ValueAt<O[K]>;
} & (O extends {
  readonly [freeform]: Option<infer V, unknown>;
}
  ? V
  : unknown);

/** What a module can define of an interface. */
export type Definitions<O> = {
  readonly [K in keyof O as K extends string ? K : never]?: Definable<DefinitionAt<O[K]>>;
} & (O extends { readonly [freeform]: Option<unknown, infer I> } ? I : unknown);

/** The interface of a module that takes names beyond its options. */
export type Freeform<V, I> = { readonly [freeform]: Option<V, I> };
