/** Late definitions: thunks in place of records of options. What they define is known when they have run. */
import type { Group } from "./compiled.ts";
import type { Definition } from "./definition.ts";
import type { Declared } from "./module.ts";

/** The place of a definition among those of its option: the first number that differs decides. */
type Rank = readonly number[];

/** A thunk in place of a record. */
export type Late = {
  readonly view: Group;
  readonly definition: Definition;
  readonly by: Declared | undefined;
  /** The options that it may define, and where its definitions of each stand among all. */
  readonly options: ReadonlyMap<number, Rank>;
  /** How many definitions it made of each option. */
  readonly made: Map<number, number>;
};

/** The thunks of one evaluation, and what those that have run define. */
export class LateDefinitions {
  readonly all: Late[] = [];
  readonly #made = new Map<number, { readonly definition: Definition; readonly rank: Rank }[]>();
  #running: Late | undefined = undefined;

  /** The thunk whose definitions are being pushed. */
  get running(): Late | undefined {
    return this.#running;
  }

  /** Add a thunk that may define some options; `early` tells how many definitions of one came before it. */
  postpone(
    { view, definition, by }: Pick<Late, "view" | "definition" | "by">,
    indexes: readonly number[],
    early: (index: number) => number,
  ): Late {
    const options = new Map(indexes.map((index) => [index, this.#nextRank(index, early)]));
    const late = { view, definition, by, options, made: new Map<number, number>() };
    this.all.push(late);
    return late;
  }

  /** Push the definitions of a thunk that has run. */
  run(late: Late, push: () => void): void {
    const outer = this.#running;
    this.#running = late;
    try {
      push();
    } finally {
      this.#running = outer;
    }
  }

  /** Add a definition of the thunk that is running. */
  add(index: number, definition: Definition, { options, made }: Late): void {
    const before = made.get(index) ?? 0;
    made.set(index, before + 1);
    const others = this.#made.get(index) ?? [];
    this.#made.set(index, others);
    others.push({ definition, rank: [...(options.get(index) ?? []), before] });
  }

  /** Put what thunks define of an option between its other definitions, in the order of the source. */
  merge(index: number, early: readonly Definition[]): readonly Definition[] {
    const late = this.#made.get(index);
    if (late === undefined) return early;
    return early
      .map((definition, at): { definition: Definition; rank: Rank } => ({ definition, rank: [at] }))
      .concat(late)
      .sort((a, b) => compareRanks(a.rank, b.rank))
      .map(({ definition }) => definition);
  }

  /** Find where what a thunk comes to define of an option stands: behind what was defined so far. */
  #nextRank(index: number, early: (index: number) => number): Rank {
    const within = this.#running;
    return within === undefined
      ? [early(index) - 0.5, this.all.length]
      : [...(within.options.get(index) ?? []), (within.made.get(index) ?? 0) - 0.5, this.all.length];
  }
}

function compareRanks(a: Rank, b: Rank): number {
  const at = a.findIndex((each, index) => each !== b[index]);
  return at < 0 ? -1 : (a[at] ?? 0) - (b[at] ?? 0);
}
