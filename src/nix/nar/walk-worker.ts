/** The thread that walks on for `dump.ts`: it announces itself, is sent a walk, and fills the ring with its blocks. */
import { Buffer } from "node:buffer";
import { parentPort, workerData } from "node:worker_threads";
import { CleaveError } from "../../base/index.ts";
import { announce, fillRing, openRing } from "./ring.ts";
import { endWalk, fillBlock, type Walk } from "./walk.ts";

const ring = openRing(workerData);
parentPort?.once("message", (walk: Walk) => {
  try {
    fillRing(ring, (block) => fillBlock(walk, block), describe);
  } finally {
    endWalk(walk);
  }
});
announce(ring);

/** Write what `revive` of `dump.ts` reads: a coded error's facts, or a bug's stack. */
function describe(error: unknown): Buffer {
  const { code, message, hint, location } =
    error instanceof CleaveError ? error : { message: error instanceof Error ? error.stack : String(error) };
  return Buffer.from(JSON.stringify({ code, message, hint, location }));
}
