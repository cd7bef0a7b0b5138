import { Buffer } from "node:buffer";
import { read } from "node:fs";
import { fileError } from "../../base/index.ts";
import { countRead, describe, type OpenFile, type Walk } from "./walk.ts";

const chunkSize = 512 * 1024;
/** What is smaller than this is not worth the memory. */
const leastSize = 8 * chunkSize;

/**
 * Give the rest of the contents of a file that is open in a walk, in chunks, if that is much: the next is read while
 * the caller works on one. Each is valid until the next is asked for. Throws what `fillBlock` throws.
 */
export async function* readFileAhead(file: OpenFile, walk: Walk): AsyncGenerator<Buffer> {
  if (file.remaining < leastSize) return;
  let chunk = Buffer.allocUnsafeSlow(chunkSize);
  let other = Buffer.allocUnsafeSlow(chunkSize);
  let reading = readInto(file, chunk);
  try {
    while (file.remaining > 0) {
      const length = await reading;
      countRead(walk, file, length);
      if (file.remaining > 0) reading = readInto(file, other);
      yield chunk.subarray(0, length);
      [chunk, other] = [other, chunk];
    }
  } catch (error) {
    throw fileError(error, "read the file", describe(walk, file.name));
  } finally {
    // The file must not be closed, nor the memory be let go, while a read is under way.
    await reading.catch(() => {});
  }
}

function readInto({ fd, remaining }: OpenFile, chunk: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, chunk, 0, Math.min(chunk.length, remaining), null, (error, length) =>
      error === null ? resolve(length) : reject(error),
    );
  });
}
