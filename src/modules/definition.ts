/** Definitions: what modules say about an option, and which of it counts. */
import { call, passes } from "./forcing.ts";
import type { Declared } from "./module.ts";
import type { Place } from "./place.ts";
import { describeValue, optionError } from "./problem.ts";
import { orders, Property, priorities } from "./property.ts";

/**
 * Who defines: a module, at which option its definitions are rooted, and its rank among the
 * modules of the evaluation, from 1; 0 is the declaration of an option, which defines its default.
 */
export type Source = {
  readonly module: Declared;
  readonly root: Place | undefined;
  readonly rank: number;
  /** Where it is defined under a second name: the option's path below the root, and the one that is written. */
  readonly alias?: { readonly of: readonly string[]; readonly as: readonly string[] };
};

/** A condition that a definition stands under, and the outer ones. */
export class Condition {
  readonly outer: Condition | undefined;
  readonly #test: unknown;
  #result: boolean | undefined;

  constructor(test: unknown, outer: Condition | undefined) {
    this.#test = test;
    this.outer = outer;
  }

  /** Find out, once, outer conditions first. */
  holds(place: Place | undefined, definition: Definition): boolean {
    if (this.#result !== undefined) return this.#result;
    if (this.outer?.holds(place, definition) === false) return false;
    const test = this.#test;
    const result: unknown =
      typeof test === "function" ? run(place, definition, "a condition of", test as () => unknown) : test;
    if (typeof result !== "boolean")
      throw optionError(
        "option-condition",
        place,
        (path) => `the condition of a definition of ${path} is ${describeValue(result)}, not a boolean:`,
        [definition],
        "mkIf takes true, false or a thunk that gives one of them",
      );
    this.#result = result;
    return result;
  }
}

export class Definition {
  readonly value: unknown;
  readonly source: Source;
  /** `undefined` where no property sets it: 100. */
  readonly priority: number | undefined;
  /** `undefined` where no property sets it: 1000. */
  readonly order: number | undefined;
  readonly condition: Condition | undefined;

  constructor(
    value: unknown,
    source: Source,
    priority: number | undefined,
    order: number | undefined,
    condition: Condition | undefined,
  ) {
    this.value = value;
    this.source = source;
    this.priority = priority;
    this.order = order;
    this.condition = condition;
  }

  /** Make the same definition with another value, without properties. */
  with(value: unknown): Definition {
    return new Definition(value, this.source, undefined, undefined, undefined);
  }
}

/** What is being discharged, of all that are under way; only the first `top` count. */
const discharged: Definition[] = [];
let top = 0;

/**
 * Take off thunks and properties: drop what stands under a condition that does not hold, then what another
 * definition's priority wins over, then sort by order. The values that are left are plain.
 */
export function settle(place: Place | undefined, definitions: readonly Definition[]): readonly Definition[] {
  const only = definitions[0];
  if (definitions.length === 1 && only !== undefined && isPlain(only)) return definitions;
  return sortByOrder(keepStrongest(held(place, definitions)));
}

/** Take off thunks and properties, and drop what stands under a condition that does not hold. */
export function held(place: Place | undefined, definitions: readonly Definition[]): readonly Definition[] {
  const base = top;
  try {
    for (let index = 0; index < definitions.length; index += 1) {
      const each = definitions[index];
      if (each !== undefined) discharge(place, each);
    }
    return discharged.slice(base, top);
  } finally {
    top = base;
  }
}

function isPlain({ value, condition }: Definition): boolean {
  return (
    condition === undefined &&
    typeof value !== "function" &&
    (typeof value !== "object" || value === null || !Property.is(value))
  );
}

/** Hears of each definition that was discharged: whether it stood under conditions, and whether they held. */
export type Note = (definition: Definition, conditional: boolean, held: boolean) => void;

/** Take off a definition's thunks and properties, and hand on what is left of it: nothing, one or several. */
export function discharge(
  place: Place | undefined,
  definition: Definition,
  note?: Note,
  within = false,
): void {
  let conditional = within || definition.condition !== undefined;
  if (definition.condition?.holds(place, definition) === false) {
    note?.(definition, true, false);
    return;
  }
  let { value, priority, order } = definition;
  for (let called = false; ; ) {
    if (typeof value === "function" && !called) {
      value = run(place, definition, "a definition of", value as () => unknown);
      called = true;
      continue;
    }
    if (typeof value !== "object" || value === null || !Property.is(value)) break;
    const body = Property.body(value);
    const argument = Property.argument(value);
    const kind = Property.kind(value);
    value = body;
    called = false;
    if (kind === "value") break;
    if (kind === "override") priority ??= Number(argument);
    else if (kind === "order") order ??= Number(argument);
    else if (kind === "if") {
      conditional = true;
      if (!new Condition(argument, undefined).holds(place, definition)) {
        note?.(new Definition(body, definition.source, priority, order, undefined), true, false);
        return;
      }
    } else {
      for (const each of Array.isArray(body) ? body : [])
        discharge(
          place,
          new Definition(each, definition.source, priority, order, undefined),
          note,
          conditional,
        );
      return;
    }
  }
  const plain =
    value === definition.value && definition.condition === undefined
      ? definition
      : new Definition(value, definition.source, priority, order, undefined);
  if (note !== undefined) note(plain, conditional, true);
  else {
    discharged[top] = plain;
    top += 1;
  }
}

/** List what a definition's value comes to where its conditions hold, without running what stands under them. */
export function heldParts(
  place: Place | undefined,
  definition: Definition,
  value = definition.value,
): readonly unknown[] {
  if (typeof value !== "object" || value === null || !Property.is(value)) return [value];
  const kind = Property.kind(value);
  const argument = Property.argument(value);
  const body = Property.body(value);
  switch (kind) {
    case "value":
      return [value];
    case "merge":
      return Array.isArray(body) ? body.flatMap((each) => heldParts(place, definition, each)) : [];
    case "if":
      return new Condition(argument, undefined).holds(place, definition)
        ? heldParts(place, definition, body)
        : [];
    case "override":
    case "order":
      return heldParts(place, definition, body).map((each) => new Property(kind, each, argument));
  }
}

/** The lowest priority of some definitions. */
export function strongest(definitions: readonly Definition[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < definitions.length; index += 1) {
    const priority = definitions[index]?.priority ?? priorities.plain;
    if (priority < least) least = priority;
  }
  return least;
}

function keepStrongest(definitions: readonly Definition[]): readonly Definition[] {
  if (definitions.length < 2) return definitions;
  const least = strongest(definitions);
  for (let index = 0; index < definitions.length; index += 1)
    if ((definitions[index]?.priority ?? priorities.plain) !== least)
      return definitions.filter(({ priority = priorities.plain }) => priority === least);
  return definitions;
}

function sortByOrder(definitions: readonly Definition[]): readonly Definition[] {
  if (definitions.length < 2) return definitions;
  for (let index = 0; index < definitions.length; index += 1)
    if (definitions[index]?.order !== undefined)
      return definitions.toSorted((a, b) => (a.order ?? orders.plain) - (b.order ?? orders.plain));
  return definitions;
}

/** Call what a user wrote for a definition; what it throws becomes `option-throws` with the option and the definition. */
export function run<T>(place: Place | undefined, definition: Definition, what: string, thunk: () => T): T {
  try {
    return call(thunk);
  } catch (error) {
    if (passes(error)) throw error;
    throw optionError(
      "option-throws",
      place,
      (path) => `${what} ${path} throws${error instanceof Error ? "" : ` ${describeValue(error)}`}:`,
      [definition],
      error instanceof Error ? "the cause says what went wrong" : "throw errors, which say what went wrong",
      error,
    );
  }
}

/** Run a definition that is a thunk. Throws `option-throws`. */
export function runThunk(place: Place | undefined, definition: Definition): unknown {
  return run(place, definition, "a definition of", definition.value as () => unknown);
}
