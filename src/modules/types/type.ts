/** Option types: what values an option takes, and how several definitions become one. */
import type { Definition } from "../definition.ts";
import type { Declared } from "../module.ts";
import type { OptionFacts, OptionTree } from "../option.ts";
import type { Place } from "../place.ts";

declare const merged: unique symbol;
declare const accepted: unique symbol;

/** A JSON Schema of draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * How a description is put into a sentence: a noun phrase, one with `or`, one with `of`, or a noun with a clause
 * after a comma. What does not fit is put into parentheses.
 */
export type Phrase = "noun" | "conjunction" | "composite" | "clause" | "other";

/** Why definitions are not of a type. */
export class Mismatch {
  /** The definitions that do not fit. */
  readonly definitions: readonly Definition[];
  /** What about them, where the type's description does not say it. */
  readonly detail: string | undefined;

  constructor(definitions: readonly Definition[], detail?: string) {
    this.definitions = definitions;
    this.detail = detail;
  }
}

/** An option inside of a type: its names, and the modules that declare it; none where the type itself does. */
export type OptionBelow = {
  readonly names: readonly string[];
  readonly facts: OptionFacts;
  readonly modules: readonly Declared[];
};

/** Options inside of a type, and the names on the way to them. */
export type Below = { readonly path: readonly string[]; readonly options: readonly OptionBelow[] };

/** The type of both of two types; none if there is none, or a text that says what they contradict each other in. */
export type United = Type | string | undefined;

export type TypeFacts = {
  /** As nixpkgs calls it. */
  readonly name: string;
  readonly description: string;
  readonly phrase?: Phrase;
  /**
   * Check settled definitions, at least one, and merge them, in one call. Where a definition's root is of another
   * type the answer is a {@link Mismatch}; what is wrong deeper down is thrown as a coded error.
   */
  readonly merge: (place: Place | undefined, definitions: readonly Definition[]) => unknown;
  /** Where a single definition's value is the merged value: check it. */
  readonly scalar?: (value: unknown) => boolean;
  /** The value of an option that nobody defines. */
  readonly empty?: (place: Place | undefined) => unknown;
  readonly schema: () => JsonSchema;
  /** The merged value depends on the definitions only, so that a constant default is merged once. */
  readonly constant?: boolean;
  /** The type of both, where an option is declared twice. A type without this unites with itself only. */
  readonly unite?: (other: Type) => United;
  /** Options below this type, and the names that stand for what is not known, such as `<name>` and `*`. */
  readonly below?: () => readonly Below[];
  /** Make the submodule type of some options that a module declares below an option of this type. */
  readonly extend?: (module: Declared, options: OptionTree) => Type;
  /** The type of what stands inside of a value under a name, `[0]` in a list. */
  readonly inside?: (name: string) => Type | undefined;
  /** Get a settled definition as it is merged, where its value is converted first. */
  readonly convert?: (place: Place | undefined, definition: Definition) => Definition;
  /** What the type is made of, for {@link TypeFacts.unite} of the same type. */
  readonly parts?: unknown;
};

/** A type whose values are `V` and whose definitions are `I`. */
export class Type<out V = unknown, out I = unknown> {
  declare readonly [merged]: V;
  declare readonly [accepted]: I;
  readonly name: string;
  readonly description: string;
  readonly phrase: Phrase;
  readonly merge: TypeFacts["merge"];
  readonly scalar: TypeFacts["scalar"];
  readonly empty: TypeFacts["empty"];
  readonly schema: TypeFacts["schema"];
  readonly constant: boolean;
  readonly below: TypeFacts["below"];
  readonly extend: TypeFacts["extend"];
  readonly inside: TypeFacts["inside"];
  readonly convert: TypeFacts["convert"];
  readonly parts: unknown;
  readonly #unite: TypeFacts["unite"];

  constructor(facts: TypeFacts) {
    this.name = facts.name;
    this.description = facts.description;
    this.phrase = facts.phrase ?? "other";
    this.merge = facts.merge;
    this.scalar = facts.scalar;
    this.empty = facts.empty;
    this.schema = facts.schema;
    this.constant = facts.constant ?? true;
    this.below = facts.below;
    this.extend = facts.extend;
    this.inside = facts.inside;
    this.convert = facts.convert;
    this.parts = facts.parts;
    this.#unite = facts.unite;
  }

  /** Find the type of an option that is declared with both. */
  unite(other: Type): United {
    if (other === this) return this;
    return other.name === this.name && other.#unite !== undefined ? this.#unite?.(other) : undefined;
  }
}

/** Put a type's description into a sentence: in parentheses, unless its phrase is one of `fits`. */
export function phraseOf(type: Type, ...fits: readonly Phrase[]): string {
  return fits.includes(type.phrase) ? type.description : `(${type.description})`;
}
