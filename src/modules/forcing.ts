/**
 * Forcing: how lazy values are computed, once, on demand.
 *
 * A slot is one option of one evaluation. While it is computed it is marked, so that meeting it again is a
 * cycle, and the chain of slots is known. A chain deeper than {@link limit} would overflow the stack: it is given
 * up with a {@link Suspend}, its deepest slot is computed first on a fresh stack, then the rest runs again.
 * Thunks are pure, so running one again changes nothing.
 */
import { CleaveError } from "../base/index.ts";
import type { Evaluation } from "./evaluate.ts";
import { showPath } from "./place.ts";

/** Holds slots: `values[i]` counts where `pending[i]` is `undefined`, else `pending[i]` says how to compute it. */
export interface Slots {
  readonly values: unknown[];
  readonly pending: unknown[];
  compute(index: number, pending: unknown): unknown;
  /** The outermost evaluation. */
  readonly root: Evaluation | undefined;
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

/** The slots that are being computed, outermost first: `depth` of them, the arrays keep what is past that. */
const owners: Slots[] = [];
const indexes: number[] = [];
const pendings: unknown[] = [];
let depth = 0;
let suspended: Suspend | undefined;

type Reader = (read: Slot, by: Slot | undefined) => void;
let reader: Reader | undefined;

/** Get a slot's value, computing it where that was not done. Throws `option-cycle`, and what computing throws. */
export function force(owner: Slots, index: number): unknown {
  const pending = owner.pending[index];
  if (reader !== undefined) reader({ owner, index, pending }, depth === 0 ? undefined : slotAt(depth - 1));
  if (pending === undefined) return owner.values[index];
  if (pending === computing) throw cycle(slotsFrom(owner, index));
  if (depth === 0) return forceFirst(owner, index, pending);
  if (depth < limit) return run(owner, index, pending);
  suspended = new Suspend({ owner, index, pending });
  throw suspended;
}

/** Get whose slot is being computed. */
export function current(): Slots | undefined {
  return depth === 0 ? undefined : owners[depth - 1];
}

let keeps = false;

/** Run `body` so that evaluations keep what they are made of, for those who look into them again. */
export function keeping<T>(body: () => T): T {
  const before = keeps;
  keeps = true;
  try {
    return body();
  } finally {
    keeps = before;
  }
}

export function isKeeping(): boolean {
  return keeps;
}

function slotAt(at: number): Slot {
  const owner = owners[at];
  if (owner === undefined) throw new Error("a slot beyond the stack");
  return { owner, index: indexes[at] ?? 0, pending: pendings[at] };
}

/** List the slots that are being computed from a given one on. */
function slotsFrom(owner: Slots, index: number): Slot[] {
  const all = Array.from({ length: depth }, (_, at) => slotAt(at));
  return all.slice(all.findIndex((each) => each.owner === owner && each.index === index));
}

/** Call a user's function. A suspension that it swallowed, or made another error of, goes on. */
export function call<T>(thunk: () => T): T {
  try {
    const value = thunk();
    if (suspended === undefined) return value;
  } catch (error) {
    if (suspended === undefined) throw error;
  }
  throw suspended;
}

/** Say whether an error must be passed on as it is: it is coded already, or forcing unwinds. */
export function passes(error: unknown): boolean {
  return suspended !== undefined || error instanceof CleaveError || error instanceof Suspend;
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

function run(owner: Slots, index: number, pending: unknown): unknown {
  owner.pending[index] = computing;
  owners[depth] = owner;
  indexes[depth] = index;
  pendings[depth] = pending;
  depth += 1;
  let rest = pending;
  try {
    const value = owner.compute(index, pending);
    if (suspended !== undefined) throw suspended;
    owner.values[index] = value;
    rest = undefined;
    return value;
  } catch (error) {
    if (suspended === undefined) throw error;
    suspended.given.push({ owner, index, pending });
    throw suspended;
  } finally {
    depth -= 1;
    owner.pending[index] = rest;
  }
}

/** Force with an empty stack. */
function forceFirst(owner: Slots, index: number, pending: unknown): unknown {
  try {
    return run(owner, index, pending);
  } catch (error) {
    if (!(error instanceof Suspend)) throw error;
    return resume({ owner, index, pending }, error);
  }
}

/** Force what has to come first, each with an empty stack, until nothing deeper has to. */
function resume(first: Slot, error: Suspend): unknown {
  const todo = [first];
  const chains: Slot[][] = [];
  const add = ({ slot, given }: Suspend): void => {
    suspended = undefined;
    chains.push(given.reverse());
    const seen = todo.findIndex((each) => each.owner === slot.owner && each.index === slot.index);
    if (seen >= 0) throw cycle(chains.slice(seen).flat());
    todo.push(slot);
  };
  add(error);
  for (let slot = todo.at(-1); slot !== undefined; slot = todo.at(-1))
    try {
      if (slot.owner.pending[slot.index] !== undefined) run(slot.owner, slot.index, slot.pending);
      todo.pop();
      chains.pop();
    } catch (deeper) {
      if (!(deeper instanceof Suspend)) throw deeper;
      add(deeper);
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
