/** What is known about options beside their values. */
import type { Group } from "./compiled.ts";
import type { Declaration } from "./declaration.ts";
import { type Definition, strongest } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Declared } from "./module.ts";
import type { Option } from "./option.ts";
import { namesOf, placeOf } from "./place.ts";
import { RecordHandler } from "./record.ts";
import { frozenCopy } from "./types/check.ts";
import type { Type } from "./types/type.ts";

/** An option in an evaluation. Reading its facts runs definitions only where it says so. */
export class OptionInfo<out V = unknown> {
  readonly #evaluation: Evaluation;
  readonly #index: number;
  readonly #declaration: Declaration;

  constructor(evaluation: Evaluation, index: number, declaration: Declaration) {
    this.#evaluation = evaluation;
    this.#index = index;
    this.#declaration = declaration;
  }

  get path(): readonly string[] {
    return namesOf(placeOf(this.#evaluation.place, this.#declaration.names));
  }
  get type(): Type {
    return this.#declaration.type;
  }
  get description(): string | undefined {
    return this.#declaration.facts.description;
  }
  get default(): unknown {
    return frozenCopy(this.#declaration.facts.default);
  }
  get example(): unknown {
    return frozenCopy(this.#declaration.facts.example);
  }
  get readOnly(): boolean {
    return this.#declaration.facts.readOnly === true;
  }
  get internal(): boolean {
    return this.#declaration.facts.internal === true;
  }
  /** The modules that declare it. */
  get declaredBy(): readonly string[] {
    return this.#declaration.declarers.map(({ source }) => source.module.name);
  }
  /** The merged value: forces it. */
  get value(): V {
    return this.#evaluation.read(this.#index) as V;
  }
  /** Whether a definition is left, the default included: runs conditions. */
  get isDefined(): boolean {
    return this.#settled().length > 0;
  }
  /** The priority of the definitions that count, 1500 where only the default does: runs conditions. */
  get highestPriority(): number {
    return strongest(this.#settled());
  }
  /** The definitions that count, by module: runs them. */
  get definitions(): readonly { readonly module: string; readonly value: unknown }[] {
    return this.#settled().map(({ source, value }) => ({
      module: source.module.name,
      value: frozenCopy(value),
    }));
  }

  #settled(): readonly Definition[] {
    return this.#evaluation.facts().settled(this.#index);
  }
}

type InfoAt<O> = O extends Option<infer V, unknown> ? OptionInfo<V> : OptionInfos<O>;
/** What is known about each option of an interface. */
export type OptionInfos<O> = { readonly [K in keyof O as K extends string ? K : never]: InfoAt<O[K]> };

class InfoHandler extends RecordHandler {
  override leaf(index: number): unknown {
    const declaration = this.evaluation.compiled.declarations[index];
    return declaration === undefined ? undefined : new OptionInfo(this.evaluation, index, declaration);
  }
  override inside(value: unknown): unknown {
    return value;
  }
  override noteOld(): void {
    // It is not read.
  }
  override check(): void {
    // What is known about options does not depend on definitions.
  }
  override below(group: Group): object {
    return infosOf(this.evaluation, group, this.reader);
  }
}

/** Make the record of what is known about the options of a group. */
export function infosOf(evaluation: Evaluation, group: Group, reader: Declared | undefined): object {
  const handler = new InfoHandler(evaluation, group, reader);
  return new Proxy(handler, handler);
}
