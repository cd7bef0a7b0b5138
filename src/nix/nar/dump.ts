import { Buffer } from "node:buffer";
import { getCompileCacheDir } from "node:module";
import { dirname, extname } from "node:path";
import { Worker } from "node:worker_threads";
import { CleaveError } from "../../base/index.ts";
import { blockSize, emptyRing, isReady, makeRing, type Ring, stopRing } from "./ring.ts";
import { endWalk, fillBlock, startWalk, type Walk } from "./walk.ts";

export type DumpOptions = {
  /**
   * Whether another thread reads ahead while the caller works on a block: `never`, `always`, or (the default) when
   * the path turns out to be large.
   */
  readonly ahead?: "auto" | "never" | "always";
};

// Reading what is this large takes some 5 ms; to start a thread takes 15 to 25, most of it on another core.
const largeBytes = 4 * 2 ** 20;
/** How many bytes can be read in the time that it takes to open and close a file. */
const bytesPerNode = 8 * 1024;
/** How long the event loop may be kept waiting, in milliseconds. */
const longestTurn = 10;

/**
 * Write a path on disk, a byte string, as a NAR, in blocks; each is valid until the next is asked for.
 * Holds a few MiB of it at a time. Symlinks are not followed, the path itself included.
 * Throws `file-failed`, `nar-unsupported-file`, `nar-file-changed`.
 */
export async function* dumpPath(path: string, { ahead = "auto" }: DumpOptions = {}): AsyncGenerator<Buffer> {
  let turn = performance.now();
  for await (const block of blocksOf(path, ahead)) {
    yield block;
    const now = performance.now();
    if (now - turn < longestTurn) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turn = performance.now();
  }
}

async function* blocksOf(path: string, ahead: "auto" | "never" | "always"): AsyncGenerator<Buffer> {
  const walk = startWalk(path);
  let ring: Ring | undefined;
  let worker: Worker | undefined;
  let handedOver = false;
  try {
    const block = Buffer.allocUnsafeSlow(blockSize);
    for (let bytes = 0; ; ) {
      const length = fillBlock(walk, block);
      if (length === 0) return;
      yield block.subarray(0, length);
      bytes += length;
      if (worker === undefined) {
        if (ahead === "never" || (ahead === "auto" && bytes + walk.nodes * bytesPerNode < largeBytes))
          continue;
        ring = makeRing();
        worker = startWorker(ring);
      }
      if (ring !== undefined && (isReady(ring) || ahead === "always")) break;
    }
    worker.postMessage(release(walk));
    handedOver = true;
    yield* emptyRing(ring, revive);
  } finally {
    if (ring !== undefined) stopRing(ring);
    if (!handedOver) {
      endWalk(walk);
      void worker?.terminate();
    }
  }
}

/** Give a walk away: a copy has its open files, and the walk has none. */
function release(walk: Walk): Walk {
  const copy = { ...walk };
  walk.file = undefined;
  walk.descent = undefined;
  return copy;
}

function startWorker(ring: Ring): Worker {
  // A checkout has .ts here, the published package .js.
  const file = new URL(`./walk-worker${extname(import.meta.url)}`, import.meta.url);
  const cache = getCompileCacheDir();
  const worker = new Worker(file, {
    workerData: ring.memory,
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
    // The walk's files are opened by one thread and closed by another.
    trackUnmanagedFds: false,
  });
  return worker;
}

function revive(why: Buffer): unknown {
  const { code, ...facts } = JSON.parse(why.toString());
  return code === undefined ? new Error(facts.message) : new CleaveError({ code, ...facts });
}
