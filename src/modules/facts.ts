/** Facts: which definitions of an evaluation's options count, for those who ask beside the values. */
import type { Definition } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";
import { force, type Slots } from "./forcing.ts";
import { placeOf } from "./place.ts";

/** The definitions of an evaluation's options that count, each settled when somebody asks. */
export class Facts implements Slots {
  /** Whose definitions these are: the evaluation itself, or another of the same modules. */
  readonly source: Evaluation;
  /** What was pending in it at first. */
  kept: readonly unknown[] = [];
  readonly values: unknown[] = [];
  readonly pending: unknown[];
  readonly #of: Evaluation;

  constructor(of: Evaluation, source: Evaluation) {
    this.#of = of;
    this.source = source;
    this.pending = of.compiled.declarations.map(() => true);
  }

  get root(): Evaluation {
    return this.#of.root;
  }

  /** Get the definitions of an option that count, the default among them: runs conditions. */
  settled(index: number): readonly Definition[] {
    return force(this, index) as readonly Definition[];
  }

  compute(index: number): readonly Definition[] {
    const { place, compiled } = this.#of;
    const declaration = compiled.declarations[index];
    if (declaration === undefined) throw new Error("an option without a declaration");
    return declaration.settled(placeOf(place, declaration.names), this.source.definitionsOf(index));
  }

  pathOf(index: number): readonly string[] {
    return this.#of.pathOf(index);
  }

  whereOf(index: number): string {
    return this.#of.whereOf(index, this.source.definitionsOf(index));
  }
}
