/** Declarations: an option as all modules of a list together declare it, and how its value comes about. */
import { CleaveError } from "../base/index.ts";
import { Definition, held, type Source, settle, strongest } from "./definition.ts";
import { call, passes } from "./forcing.ts";
import { locateDeclaration } from "./locate.ts";
import { mergeSettled } from "./merge.ts";
import type { Option, OptionFacts } from "./option.ts";
import { type Place, placeOf, showPath, showPlace } from "./place.ts";
import { describePlace, optionError, withArticle } from "./problem.ts";
import { priorities } from "./property.ts";
import { freeze, isUnchangeable } from "./types/check.ts";
import type { Type } from "./types/type.ts";

/** An option and the module that declares it. */
export type Declarer = { readonly source: Source; readonly option: Option };

/** Stands for the value of an option without definitions, where it has to be computed each time. */
export const uncomputed: unique symbol = Symbol("uncomputed");

export class Declaration {
  readonly names: readonly string[];
  /** Its place in an evaluation that is no submodule. */
  readonly place: Place | undefined;
  readonly type: Type;
  readonly facts: OptionFacts;
  readonly declarers: readonly Declarer[];
  /** The default as a definition. */
  readonly standard: Definition | undefined;
  #constant: unknown = uncomputed;
  #tried = false;

  /** Throws `option-declaration` where the declarations contradict each other. */
  constructor(names: readonly string[], declarers: readonly Declarer[]) {
    this.names = names;
    this.place = placeOf(undefined, names);
    this.declarers = declarers;
    this.facts = uniteDeclarers(names, declarers);
    this.type = this.facts.type;
    const first = declarers.find(({ option }) => option.facts.default !== undefined);
    this.standard =
      first === undefined
        ? undefined
        : new Definition(this.facts.default, first.source, priorities.optionDefault, undefined, undefined);
  }

  /** Get the value without definitions, the same in every evaluation; {@link uncomputed} if there is none. */
  get constant(): unknown {
    if (!this.#tried) {
      this.#tried = true;
      try {
        if (this.standard !== undefined && isConstant(this.type, this.standard.value))
          this.#constant = unlessChangeable(this.value(this.place, []));
      } catch {
        // Whoever reads the option gets the error, with the path of that evaluation.
      }
    }
    return this.#constant;
  }

  /** Merge definitions, the default among them where nothing stronger is defined, and apply. */
  value(place: Place | undefined, definitions: readonly Definition[]): unknown {
    const settled = this.settled(place, definitions);
    let value: unknown;
    if (settled.length > 0) value = mergeSettled(place, this.type, settled);
    else if (this.type.empty !== undefined) value = this.type.empty(place);
    else throw this.#missing(place, definitions);
    const apply = this.facts.apply as ((value: unknown) => unknown) | undefined;
    if (apply === undefined) return value;
    try {
      return freeze(call(() => apply(value)));
    } catch (error) {
      if (passes(error)) throw error;
      throw optionError(
        "option-throws",
        place,
        (path) => `the apply function of ${path} throws for the value of:`,
        settled,
        "the cause says what went wrong",
        error,
      );
    }
  }

  /** Get the definitions that count. Throws `option-read-only`. */
  settled(place: Place | undefined, definitions: readonly Definition[]): readonly Definition[] {
    const { standard } = this;
    if (this.facts.readOnly === true) {
      // A stronger definition does not make up for one too many.
      const all = held(place, standard === undefined ? definitions : [standard, ...definitions]);
      if (all.length > 1) throw this.#tooOften(place, all);
      return all;
    }
    if (standard === undefined) return settle(place, definitions);
    const settled = definitions.length === 0 ? definitions : settle(place, definitions);
    if (settled.length > 0 && strongest(settled) < priorities.optionDefault) return settled;
    return settle(place, settled.length === 0 ? [standard] : [standard, ...settled]);
  }

  #tooOften(place: Place | undefined, settled: readonly Definition[]): CleaveError {
    return optionError(
      "option-read-only",
      place,
      (path) => `the option ${path} is read-only and has ${settled.length} definitions:`,
      settled,
      "a read-only option takes one definition, its default included",
    );
  }

  #missing(place: Place | undefined, definitions: readonly Definition[]): CleaveError {
    const first = this.declarers[0];
    const path = showPlace(place);
    return definitions.length > 0
      ? optionError(
          "option-undefined",
          place,
          () => `the option ${path} is read, but its definitions stand under conditions that do not hold:`,
          definitions,
          "define it without a condition as well, with mkDefault, or give it a default",
        )
      : new CleaveError({
          code: "option-undefined",
          message: `the option ${path} is read, but nothing defines it and it has no default`,
          hint: `define it: ${path} takes ${withArticle(this.type.description)}`,
          location: first === undefined ? undefined : locateDeclaration(first.source.module, this.names),
        });
  }
}

/** Only what nobody can change is the same value in every evaluation. */
function unlessChangeable(value: unknown): unknown {
  return isUnchangeable(value) ? value : uncomputed;
}

function isConstant(type: Type, value: unknown): boolean {
  if (isPlain(value)) return type.constant || isEmpty(value) || typeof value !== "object" || value === null;
  return false;
}

function isEmpty(value: object | unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Say whether a value holds no thunks or properties. */
function isPlain(value: unknown): boolean {
  if (typeof value === "function") return false;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}

const onlyOnce = ["default", "defaultText", "example", "description", "apply"] as const;

function uniteDeclarers(names: readonly string[], declarers: readonly Declarer[]): OptionFacts {
  const [first, ...rest] = declarers;
  if (first === undefined) throw new Error("an option without a declaration");
  let { facts } = first.option;
  for (const each of rest) {
    if (each.option === first.option) continue;
    const united = uniteFacts(facts, each.option.facts);
    if (typeof united === "string") throw twice(names, declarers, united);
    facts = united;
  }
  return facts;
}

/** Make one declaration of two, or say what they contradict each other in. */
export function uniteFacts(facts: OptionFacts, more: OptionFacts): OptionFacts | string {
  const type = facts.type.unite(more.type);
  if (typeof type === "string") return type;
  if (type === undefined)
    return `with types that have none in common, ${facts.type.description} and ${more.type.description}`;
  for (const fact of onlyOnce)
    if (facts[fact] !== undefined && more[fact] !== undefined && facts[fact] !== more[fact])
      return `and has its ${fact} twice`;
  if ((facts.readOnly ?? more.readOnly) !== (more.readOnly ?? facts.readOnly))
    return "and is read-only in only one";
  return { ...more, ...facts, type };
}

function twice(names: readonly string[], declarers: readonly Declarer[], problem: string): CleaveError {
  const lines = declarers.map(
    ({ source: { module } }) =>
      `\n    by module ${module.name}${describePlace(locateDeclaration(module, names))}`,
  );
  return new CleaveError({
    code: "option-declaration",
    message: `the option ${showPath(names)} is declared ${declarers.length} times, ${problem}:${lines.join("")}`,
    hint: "declare it once and use that module, or give both declarations types that unite",
  });
}
