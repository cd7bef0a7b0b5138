import { writeSync } from "node:fs";

let waiting = "";
let broken = false;

/** What is written together at most, in characters: a builder that says much says it in many short lines. */
const most = 65536;

/**
 * Write to standard error, soon. Where its reader is slow this waits for it: what builders say must not pile up in
 * memory, as it does in Node's own stream. Where nobody reads any more, nothing is written.
 */
export function writeError(text: string): void {
  if (waiting === "") setImmediate(flushError);
  waiting += text;
  if (waiting.length > most) flushError();
}

/** Write what waits now, as before something that is to come after it. */
export function flushError(): void {
  const bytes = Buffer.from(waiting);
  waiting = "";
  for (let at = 0; at < bytes.length && !broken; )
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") Atomics.wait(pause, 0, 0, 2);
      else broken = true;
    }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
process.on("exit", flushError);
