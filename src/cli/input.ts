/** What a command reads: a file, or standard input where it is called `-`. */
import { Buffer } from "node:buffer";
import { type FileHandle, open } from "node:fs/promises";
import { CleaveError, encodeText, fileError } from "../base/index.ts";
import type { Io } from "./command.ts";

const chunkSize = 256 * 1024;

/**
 * Read a file, a byte string, or standard input for `-`, in chunks that are valid until the next is asked for; tells how
 * far it is under the name `what`. Throws `file-failed`, and gives coded errors of the reader the file's name.
 */
export async function* readInput(file: string, what: string, io: Io): AsyncGenerator<Uint8Array> {
  let done = 0;
  const { chunks, total } =
    file === "-" ? { chunks: readStandard(io), total: undefined } : await openFile(file);
  for await (const chunk of chunks) {
    yield chunk;
    done += chunk.length;
    io.emit({ type: "progress", what, done, total });
  }
}

/** Do what reads an input; errors without a place get that of the input. */
export async function placed<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof CleaveError ? error.at({ file: file === "-" ? "standard input" : file }) : error;
  }
}

async function* readStandard({ stdin }: Io): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stdin) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  } catch (error) {
    throw fileError(error, "read the file", "standard input");
  }
}

async function openFile(
  file: string,
): Promise<{ chunks: AsyncIterable<Uint8Array>; total: number | undefined }> {
  try {
    const handle = await open(encodeText(file));
    const stats = await handle.stat();
    return { chunks: readHandle(handle, file), total: stats.isFile() ? stats.size : undefined };
  } catch (error) {
    throw fileError(error, "read the file", file);
  }
}

/** Read a file to its end; the next chunk is read while the caller works on this one. */
async function* readHandle(handle: FileHandle, file: string): AsyncGenerator<Uint8Array> {
  try {
    let buffer = Buffer.allocUnsafeSlow(chunkSize);
    let other = Buffer.allocUnsafeSlow(chunkSize);
    let reading = handle.read(buffer);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      reading = handle.read(other);
      // Awaited above, unless the caller stops before.
      reading.catch(() => {});
      yield buffer.subarray(0, bytesRead);
      [buffer, other] = [other, buffer];
    }
  } catch (error) {
    throw fileError(error, "read the file", file);
  } finally {
    await handle.close();
  }
}
