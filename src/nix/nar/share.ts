/**
 * Walks a folder in two threads.
 *
 * What is left of the folder is cut into pieces (`part.ts`), which both threads draw in order. The other thread writes
 * its pieces into a ring. This one puts all pieces in order: its own and those from the ring. Where it would have to
 * wait for the other, it begins pieces of its own ahead of their turn and keeps what it has read of them, up to
 * {@link mostAhead}. So both work all the time, and whoever is quicker does more. If the last piece is this thread's and
 * large, it is cut into pieces in turn.
 */
import { Buffer } from "node:buffer";
import type { Worker } from "node:worker_threads";
import { CleaveError } from "../../base/index.ts";
import { startThread } from "../../base/thread.ts";
import type { DumpStep } from "./dump.ts";
import { pieceOf, piecesOf, type WalkPart } from "./part.ts";
import {
  blockSize,
  drawWork,
  hasBlock,
  isDrawn,
  isFinished,
  makeRing,
  peekBlock,
  type Ring,
  resetWork,
  returnBlock,
  stopRing,
} from "./ring.ts";
import { nextTurn } from "./turn.ts";
import { endWalk, fillBlock, type Walk } from "./walk.ts";

export type Companion = {
  readonly ring: Ring;
  readonly worker: Worker;
  /** How many parts it was sent. */
  parts: number;
  /** Why it ended, if it did before it was to. */
  failure?: { readonly error: unknown };
};

/** How much is read ahead of its turn, in blocks. */
const mostAhead = 12;

/** Start the other thread; that takes 15 to 25 ms, most of it not in this thread. */
export function startCompanion(): Companion {
  const ring = makeRing();
  const worker = startThread("nix/nar/walk-worker.ts", { workerData: ring.memory });
  const companion: Companion = { ring, worker, parts: 0 };
  worker.on("error", (error) => {
    companion.failure = { error };
  });
  return companion;
}

/** Wait until the other thread has nothing to do. Throws what made it end. */
export function* whenIdle(companion: Companion): Generator<Promise<void>> {
  while (!isFinished(companion.ring, companion.parts, 5)) yield* turn(companion);
}

/** Let the event loop turn once, and throw what made the other thread end. */
function* turn(companion: Companion): Generator<Promise<void>> {
  yield nextTurn();
  if (companion.failure !== undefined) throw companion.failure.error;
}

/** Let the other thread end as soon as it has closed what it has open. */
export function endCompanion({ ring, worker }: Companion): void {
  stopRing(ring);
  worker.postMessage(undefined);
  worker.unref();
}

/**
 * Begin to share a part with an idle companion; the blocks of its pieces, in order, are what is given back. `rest`
 * gives the blocks of a piece that this thread does, without the other or, if it is the last, with it.
 */
export function sharePart(
  companion: Companion,
  part: WalkPart,
  rest: (piece: Walk, isLast: boolean) => Generator<DumpStep>,
): Generator<DumpStep> {
  resetWork(companion.ring);
  companion.parts += 1;
  companion.worker.postMessage(part);
  return stepsOfPart(companion, part, rest);
}

/** A piece that this thread does. */
type Own = {
  readonly piece: number;
  readonly walk: Walk;
  /** What was read of it ahead of its turn. */
  readonly blocks: Buffer[];
  done: boolean;
  /** What went wrong after these blocks, to be thrown in its turn. */
  failure?: { readonly error: unknown };
};

function* stepsOfPart(
  companion: Companion,
  part: WalkPart,
  rest: (piece: Walk, isLast: boolean) => Generator<DumpStep>,
): Generator<DumpStep> {
  const { ring } = companion;
  const pieces = piecesOf(part);
  const spare: Buffer[] = [];
  /** The pieces that were drawn and are not given yet, in order. */
  const own: Own[] = [];
  let ahead = 0;

  /** Draw a piece; gives false where there is none. */
  function draw(): boolean {
    const piece = drawWork(ring);
    if (piece >= pieces) return false;
    own.push({ piece, walk: pieceOf(part, piece), blocks: [], done: false });
    return true;
  }

  /** Read on ahead; gives false where there is nothing to read or no room. */
  function help(): boolean {
    if (ahead >= mostAhead) return false;
    let last = own.at(-1);
    if (last === undefined || last.done) {
      if (!draw()) return false;
      last = own.at(-1);
    }
    if (last === undefined || last.failure !== undefined) return false;
    const block = spare.pop() ?? Buffer.allocUnsafeSlow(blockSize);
    let length = 0;
    try {
      length = fillBlock(last.walk, block);
    } catch (error) {
      last.failure = { error };
    }
    if (length > 0) {
      last.blocks.push(block.subarray(0, length));
      ahead += 1;
    } else {
      last.done = last.failure === undefined;
      spare.push(block);
    }
    return true;
  }

  try {
    for (let piece = 0; piece < pieces; piece += 1) {
      if (!isDrawn(ring, piece)) draw();
      const [first] = own;
      if (first?.piece === piece) {
        for (const block of first.blocks) {
          yield block;
          ahead -= 1;
          spare.push(Buffer.from(block.buffer));
        }
        if (first.failure !== undefined) throw first.failure.error;
        // All have been drawn, and those of the other thread given, when the last is.
        if (!first.done) yield* rest(first.walk, piece === pieces - 1);
        endWalk(first.walk);
        own.shift();
        continue;
      }
      for (;;) {
        if (!hasBlock(ring)) {
          if (!help() && !hasBlock(ring, 5)) yield* turn(companion);
          continue;
        }
        const block = peekBlock(ring, revive);
        if (block.length > 0) yield block;
        returnBlock(ring);
        if (block.length === 0) break;
      }
    }
  } finally {
    for (const { walk } of own) endWalk(walk);
  }
}

function revive(why: Buffer): unknown {
  const { code, ...facts } = JSON.parse(why.toString());
  return code === undefined ? new Error(facts.message) : new CleaveError({ code, ...facts });
}
