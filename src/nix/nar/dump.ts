import { Buffer } from "node:buffer";
import { takePart } from "./part.ts";
import { withRestOfFile } from "./read-file.ts";
import { blockSize, isReady } from "./ring.ts";
import { type Companion, endCompanion, sharePart, startCompanion, whenIdle } from "./share.ts";
import { longestTurn, nextTurn } from "./turn.ts";
import { endWalk, expectedNodes, fillBlock, startWalk, type Walk } from "./walk.ts";

export type DumpOptions = {
  /** Whether a second thread may help: `never`, `always`, or (the default) when the tree turns out to be large. */
  readonly threads?: "auto" | "never" | "always";
};

/**
 * What a dump gives: a block, valid until the next step is asked for, or what is to be waited for before that, which
 * never rejects.
 */
export type DumpStep = Buffer | Promise<void>;

// Reading what is this large takes some 5 ms.
const largeBytes = 4 * 2 ** 20;
/** How many bytes can be read in the time that it takes to open and close a file. */
const bytesPerNode = 8 * 1024;
/** The least number of pieces that are worth sharing. */
const leastPieces = 4;
/** How many parts of parts of parts there may be in each other. */
const deepestLevel = 8;

/**
 * Write a path on disk, a byte string, as a NAR, in blocks; each is valid until the next is asked for.
 * Holds a few MiB of it at a time. Symlinks are not followed, the path itself included.
 * Throws `file-failed`, `nar-unsupported-file`, `nar-file-changed`.
 */
export async function* dumpPath(path: string, options?: DumpOptions): AsyncGenerator<Buffer> {
  for (const step of dumpSteps(beginDump(path), options))
    if (step instanceof Promise) await step;
    else yield step;
}

/** A dump whose first block is there. */
export type Dump = { readonly walk: Walk; readonly block: Buffer; readonly length: number };

/** The block of a dump that has ended, for the next: making one takes longer than reading a small file. */
let spare: Buffer | undefined;

/** Begin to write a path as a NAR. To be ended by {@link wholeDump} or {@link dumpSteps}. Throws what `dumpPath` throws. */
export function beginDump(path: string): Dump {
  const walk = startWalk(path);
  const block = spare ?? Buffer.allocUnsafeSlow(blockSize);
  spare = undefined;
  try {
    return { walk, block, length: fillBlock(walk, block) };
  } catch (error) {
    endDump(walk, block);
    throw error;
  }
}

/** Give a NAR of which the first block is all, as it is with most of what a store has, valid until the next dump; otherwise nothing. */
export function wholeDump({ walk, block, length }: Dump): Buffer | undefined {
  if (walk.stage !== "done") return undefined;
  endDump(walk, block);
  return block.subarray(0, length);
}

function endDump(walk: Walk, block: Buffer): void {
  endWalk(walk);
  spare = block;
}

/** Give the steps of {@link dumpPath} for a dump that has begun: without a promise for each block it is quicker. */
export function* dumpSteps(dump: Dump, { threads = "auto" }: DumpOptions = {}): Generator<DumpStep> {
  let turn = performance.now();
  for (const step of stepsOf(dump, threads)) {
    yield step;
    const now = performance.now();
    if (now - turn < longestTurn) continue;
    yield nextTurn();
    turn = performance.now();
  }
}

function* stepsOf({ walk, block, length }: Dump, threads: "auto" | "never" | "always"): Generator<DumpStep> {
  let first = length;
  const least = threads === "always" ? 1 : leastPieces;
  let companion: Companion | undefined;
  let bytes = 0;

  /** Give what is left of a walk, and share of it what is worth that; the other thread has nothing else to do. */
  function* together(walk: Walk, level: number): Generator<DumpStep> {
    for (;;) {
      const length = first > 0 ? first : fillBlock(walk, block);
      first = 0;
      if (length === 0) return;
      bytes += length;
      if (companion === undefined && threads !== "never" && walk.folders.length > 0)
        if (threads === "always" || bytes + expectedNodes(walk) * bytesPerNode >= largeBytes)
          companion = startCompanion();
      yield* withRestOfFile(block.subarray(0, length), walk);
      if (companion === undefined || walk.folders.length === 0) continue;
      if (!isReady(companion.ring, threads === "always" ? 10_000 : 0)) continue;
      yield* whenIdle(companion);
      const taken = takePart(walk, least);
      if (taken === undefined) continue;
      const shared = sharePart(companion, taken.part, (piece, isLast) =>
        isLast && level < deepestLevel ? together(piece, level + 1) : restOf(piece, block),
      );
      // What is open below the folder comes first.
      yield* restOf(walk, block, taken.depth);
      yield* shared;
    }
  }

  try {
    yield* together(walk, 0);
  } finally {
    if (companion !== undefined) endCompanion(companion);
    endDump(walk, block);
  }
}

/** Give what is left of a walk, or of it until no more than `depth` folders are open. */
function* restOf(walk: Walk, block: Buffer, depth = 0): Generator<DumpStep> {
  while (walk.file !== undefined || walk.folders.length > depth) {
    const length = fillBlock(walk, block, depth);
    if (length === 0) return;
    yield* withRestOfFile(block.subarray(0, length), walk);
  }
}
