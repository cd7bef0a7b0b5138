/** The thread that walks along with `share.ts`: it announces itself, and works on each part that it is sent. */
import { Buffer } from "node:buffer";
import { parentPort, workerData } from "node:worker_threads";
import { CleaveError } from "../../base/index.ts";
import { pieceOf, piecesOf, type WalkPart } from "./part.ts";
import { announce, drawWork, fillRun, finishWork, openRing } from "./ring.ts";
import { endWalk, fillBlock } from "./walk.ts";

const ring = openRing(workerData);

parentPort?.on("message", (part: WalkPart | undefined) => {
  if (part === undefined || !work(part)) parentPort?.close();
});
announce(ring);

/** Draw pieces and write them into the ring until there are no more; gives false when the other side has gone. */
function work(part: WalkPart): boolean {
  const pieces = piecesOf(part);
  for (let piece = drawWork(ring); piece < pieces; piece = drawWork(ring)) {
    const walk = pieceOf(part, piece);
    try {
      if (!fillRun(ring, (block) => fillBlock(walk, block), describe)) return false;
    } finally {
      endWalk(walk);
    }
  }
  finishWork(ring);
  return true;
}

/** Write what `revive` of `share.ts` reads: a coded error's facts, or a bug's stack. */
function describe(error: unknown): Buffer {
  const { code, message, hint, location } =
    error instanceof CleaveError ? error : { message: error instanceof Error ? error.stack : String(error) };
  return Buffer.from(JSON.stringify({ code, message, hint, location }));
}
