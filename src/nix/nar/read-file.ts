import { Buffer } from "node:buffer";
import { closeSync, read } from "node:fs";
import { fileError } from "../../base/index.ts";
import type { DumpStep } from "./dump.ts";
import { countRead, describe, type OpenFile, type Walk } from "./walk.ts";

const chunkSize = 512 * 1024;
/** What is smaller than this is read as quickly as another thread is asked to. */
const leastSize = chunkSize / 2;

/** Chunks that no read is using: making them takes as long as filling them. */
const spare: Buffer[] = [];

/**
 * Give a block, and then the rest of the contents of the file that is open in the walk, in chunks, if that is much:
 * the next is read while the caller works on one. Each is valid until the next is asked for. Throws what `fillBlock`
 * throws.
 */
export function* withRestOfFile(block: Buffer, walk: Walk): Generator<DumpStep> {
  const { file } = walk;
  if (file === undefined || file.remaining < leastSize) {
    yield block;
    return;
  }
  let chunk = spare.pop() ?? Buffer.allocUnsafeSlow(chunkSize);
  let other = spare.pop() ?? Buffer.allocUnsafeSlow(chunkSize);
  let reading = readInto(file, chunk);
  try {
    yield block;
    while (file.remaining > 0) {
      if (reading.result === undefined) yield reading.settled;
      const { error, length = 0 } = reading.result ?? {};
      if (error !== undefined) throw fileError(error, "read the file", describe(walk, file.name));
      countRead(walk, file, length);
      if (file.remaining > 0) reading = readInto(file, other);
      yield chunk.subarray(0, length);
      [chunk, other] = [other, chunk];
    }
  } finally {
    if (reading.result !== undefined) spare.push(chunk, other);
    else {
      // The file must not be closed while a read is under way.
      walk.file = undefined;
      reading.settled.then(() => closeSync(file.fd));
    }
  }
}

type Reading = {
  /** Never rejects. */
  readonly settled: Promise<void>;
  result?: { readonly error?: unknown; readonly length?: number };
};

function readInto({ fd, remaining }: OpenFile, chunk: Buffer): Reading {
  const reading: Reading = {
    settled: new Promise((resolve) => {
      read(fd, chunk, 0, Math.min(chunk.length, remaining), null, (error, length) => {
        reading.result = error === null ? { length } : { error };
        resolve();
      });
    }),
  };
  return reading;
}
