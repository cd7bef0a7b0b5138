/**
 * Walks a folder in two threads.
 *
 * What is left of the folder is cut into pieces (`part.ts`), which both threads draw in order. The other thread writes
 * its pieces into a ring. This one puts all pieces in order: its own and those from the ring. Where it would have to
 * wait for the other, it begins a piece of its own ahead of its turn and keeps what it has read of it, up to
 * {@link mostAhead}. So both work all the time, and whoever is quicker does more.
 */
import { Buffer } from "node:buffer";
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { CleaveError, ownModule } from "../../base/index.ts";
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
import { endWalk, fillBlock, type Walk } from "./walk.ts";

export type Companion = {
  readonly ring: Ring;
  readonly worker: Worker;
  /** How many parts it was sent. */
  parts: number;
  /** Why it ended, if it did before it was to. */
  failure?: { readonly error: unknown };
};

/** How much of a piece is read ahead of its turn, in blocks. */
const mostAhead = 6;

/** Start the other thread; that takes 15 to 25 ms, most of it not in this thread. */
export function startCompanion(): Companion {
  const ring = makeRing();
  const cache = getCompileCacheDir();
  const worker = new Worker(ownModule("nix/nar/walk-worker.ts"), {
    workerData: ring.memory,
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
  });
  const companion: Companion = { ring, worker, parts: 0 };
  worker.on("error", (error) => {
    companion.failure = { error };
  });
  return companion;
}

/** Settle when the other thread has nothing to do. Throws what made it end. */
export async function whenIdle(companion: Companion): Promise<void> {
  while (!isFinished(companion.ring, companion.parts, 5)) await turn(companion);
}

/** Let the event loop turn once, and throw what made the other thread end. */
async function turn(companion: Companion): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
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
 * gives the blocks of a walk that this thread does alone.
 */
export function sharePart(
  companion: Companion,
  part: WalkPart,
  rest: (walk: Walk) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  resetWork(companion.ring);
  companion.parts += 1;
  companion.worker.postMessage(part);
  return blocksOfPart(companion, part, rest);
}

/** A piece that is read ahead of its turn. */
type Ahead = {
  readonly piece: number;
  readonly walk: Walk;
  readonly blocks: Buffer[];
  done: boolean;
  /** What went wrong after these blocks, to be thrown in its turn. */
  failure?: { readonly error: unknown };
};

async function* blocksOfPart(
  companion: Companion,
  part: WalkPart,
  rest: (walk: Walk) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  const { ring } = companion;
  const pieces = piecesOf(part);
  const spare: Buffer[] = [];
  let ahead: Ahead | undefined;

  /** Read on ahead; gives false where there is nothing to read or no room. */
  function help(): boolean {
    if (ahead === undefined) {
      const piece = drawWork(ring);
      if (piece >= pieces) return false;
      ahead = { piece, walk: pieceOf(part, piece), blocks: [], done: false };
    }
    if (ahead.done || ahead.blocks.length >= mostAhead) return false;
    const block = spare.pop() ?? Buffer.allocUnsafeSlow(blockSize);
    let length = 0;
    try {
      length = fillBlock(ahead.walk, block);
    } catch (error) {
      ahead.failure = { error };
    }
    if (length > 0) ahead.blocks.push(block.subarray(0, length));
    else {
      ahead.done = true;
      spare.push(block);
    }
    return true;
  }

  try {
    for (let piece = 0; piece < pieces; piece += 1) {
      if (!isDrawn(ring, piece)) {
        const own = drawWork(ring);
        if (own < pieces) ahead = { piece: own, walk: pieceOf(part, own), blocks: [], done: false };
      }
      if (ahead?.piece === piece) {
        for (const block of ahead.blocks) {
          yield block;
          spare.push(Buffer.from(block.buffer));
        }
        if (ahead.failure !== undefined) throw ahead.failure.error;
        if (!ahead.done) yield* rest(ahead.walk);
        endWalk(ahead.walk);
        ahead = undefined;
        continue;
      }
      for (;;) {
        if (!hasBlock(ring)) {
          if (!help() && !hasBlock(ring, 5)) await turn(companion);
          continue;
        }
        const block = peekBlock(ring, revive);
        if (block.length > 0) yield block;
        returnBlock(ring);
        if (block.length === 0) break;
      }
    }
  } finally {
    if (ahead !== undefined) endWalk(ahead.walk);
  }
}

function revive(why: Buffer): unknown {
  const { code, ...facts } = JSON.parse(why.toString());
  return code === undefined ? new Error(facts.message) : new CleaveError({ code, ...facts });
}
