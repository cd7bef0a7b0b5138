/**
 * Forcing: how lazy values are computed, once, on demand.
 *
 * A slot is one option of one evaluation. While it is computed it is marked, so that meeting it again is a
 * cycle, and the chain of slots is known. A chain deeper than {@link limit} would overflow the stack: it is given
 * up with a {@link Suspend}, its deepest slot is computed first on a fresh stack, then the rest runs again.
 * Thunks are pure, so running one again changes nothing.
 */
import { CleaveError } from "../base/index.ts";
import type { OldName } from "./evaluate.ts";
import { showPath } from "./place.ts";

/** Holds slots: `values[i]` counts where `pending[i]` is `undefined`, else `pending[i]` says how to compute it. */
export interface Slots {
  readonly values: unknown[];
  readonly pending: unknown[];
  compute(index: number, pending: unknown): unknown;
  /** What the evaluation, and those inside of it, met of old names. */
  readonly oldNames: OldName[];
  pathOf(index: number): readonly string[];
  /** Say where the option of a slot is defined or declared, for the text of a cycle. */
  whereOf(index: number, pending: unknown): string;
}

type Slot = { readonly owner: Slots; readonly index: number; readonly pending: unknown };

/** Stands in `pending` while a slot is computed. */
const computing = Symbol("computing");

/** How many slots may wait for each other on one stack. */
const limit = 128;

class Suspend extends Error {
  readonly slot: Slot;
  /** The slots that were given up, from the deepest. */
  readonly given: Slot[] = [];
  constructor(slot: Slot) {
    super("an option is needed first; this error is not for you and must not be caught");
    this.slot = slot;
  }
}

const stack: Slot[] = [];
let suspended: Suspend | undefined;

type Reader = (read: Slot, by: Slot | undefined) => void;
let reader: Reader | undefined;

/** Get a slot's value, computing it where that was not done. Throws `option-cycle`, and what computing throws. */
export function force(owner: Slots, index: number): unknown {
  const pending = owner.pending[index];
  if (reader !== undefined) reader({ owner, index, pending }, stack[stack.length - 1]);
  if (pending === undefined) return owner.values[index];
  if (pending === computing)
    throw cycle(stack.slice(stack.findIndex((each) => each.owner === owner && each.index === index)));
  const slot = { owner, index, pending };
  if (stack.length === 0) return forceFirst(slot);
  if (stack.length < limit) return run(slot);
  suspended = new Suspend(slot);
  throw suspended;
}

/** Get whose slot is being computed. */
export function current(): Slots | undefined {
  return stack[stack.length - 1]?.owner;
}

/** Call a user's function. A suspension that it swallowed goes on. */
export function call<T>(thunk: () => T): T {
  const value = thunk();
  if (suspended !== undefined) throw suspended;
  return value;
}

/** Say whether an error must be passed on as it is: it is coded already, or is how forcing unwinds. */
export function passes(error: unknown): boolean {
  return error instanceof CleaveError || error instanceof Suspend;
}

/** Tell `listener` of every read of a slot, and which slot reads it, while `body` runs. */
export function tracing<T>(listener: Reader, body: () => T): T {
  const before = reader;
  reader = listener;
  try {
    return body();
  } finally {
    reader = before;
  }
}

function run(slot: Slot): unknown {
  const { owner, index } = slot;
  owner.pending[index] = computing;
  stack.push(slot);
  let rest = slot.pending;
  try {
    const value = owner.compute(index, slot.pending);
    if (suspended !== undefined) throw suspended;
    owner.values[index] = value;
    rest = undefined;
    return value;
  } catch (error) {
    if (error instanceof Suspend) error.given.push(slot);
    throw error;
  } finally {
    stack.pop();
    owner.pending[index] = rest;
  }
}

/** Force with an empty stack, and again for as long as something deeper has to come first. */
function forceFirst(first: Slot): unknown {
  const todo = [first];
  const chains: Slot[][] = [];
  for (let slot = todo.at(-1); slot !== undefined; slot = todo.at(-1))
    try {
      if (slot.owner.pending[slot.index] !== undefined) run(slot);
      todo.pop();
      chains.pop();
    } catch (error) {
      if (!(error instanceof Suspend)) throw error;
      suspended = undefined;
      const { slot: next, given } = error;
      chains.push(given.reverse());
      const seen = todo.findIndex((each) => each.owner === next.owner && each.index === next.index);
      if (seen >= 0) throw cycle(chains.slice(seen).flat());
      todo.push(next);
    }
  return first.owner.values[first.index];
}

/** How much of a long chain is shown at either end. */
const shown = 50;

function cycle(slots: readonly Slot[]): CleaveError {
  const chain = onceRound(slots);
  const left = chain.length - 2 * shown;
  const lines = (left > 0 ? [...chain.slice(0, shown), ...chain.slice(-shown)] : chain).map(
    ({ owner, index, pending }) => `${showPath(owner.pathOf(index))}, ${owner.whereOf(index, pending)}`,
  );
  if (left > 0) lines.splice(shown, 0, `${left} more, the last of which`);
  const start = chain[0];
  const path = start === undefined ? "" : showPath(start.owner.pathOf(start.index));
  return new CleaveError({
    code: "option-cycle",
    message: `the option ${path} needs its own value:\n${lines.map((line) => `    ${line}, reads\n`).join("")}    ${path} again`,
    hint: "break the chain: one of these must be defined without reading the next",
  });
}

/** Cut a chain that ends where it starts, perhaps after several rounds, to its first round. */
function onceRound(chain: readonly Slot[]): readonly Slot[] {
  const seen = new Map<Slots, Map<number, number>>();
  for (const [at, { owner, index }] of chain.entries()) {
    const before = seen.get(owner)?.get(index);
    if (before !== undefined) return chain.slice(before, at);
    seen.set(owner, (seen.get(owner) ?? new Map<number, number>()).set(index, at));
  }
  return chain;
}
