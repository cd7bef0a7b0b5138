/**
 * The named pipe that a process writes to and this one reads. Node's own pipes are sockets, which a process cannot open again
 * as `/dev/stdout`.
 */
import { constants, openSync, readSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { makePipe } from "./libc.ts";

export type OutputPipe = {
  /** Hand over what has come so far, and close. */
  readonly finish: () => void;
};

/** Who else has the pipe open could go on writing for ever. In bytes, and more than a pipe holds. */
const mostLeft = 2 ** 24;

/**
 * Make a pipe at a path and hand over what comes, piece by piece. It is open for writing here too: without that there is
 * an end before the process has opened it, and what is written while nobody reads is lost.
 */
export function openOutput(path: string, output: (chunk: Buffer) => void): OutputPipe {
  makePipe(path);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  socket.on("data", output);
  // What cannot be read is tried again at the end.
  socket.on("error", () => {});
  return {
    finish: () => {
      while (socket.read() !== null);
      const chunk = Buffer.allocUnsafe(65536);
      for (let left = mostLeft; left > 0; ) {
        const length = readNow(fd, chunk);
        if (length === 0) break;
        output(Buffer.from(chunk.subarray(0, length)));
        left -= length;
      }
      socket.destroy();
      rmSync(path, { force: true });
    },
  };
}

/** Read what is there; gives 0 where that is nothing. */
function readNow(fd: number, chunk: Buffer): number {
  try {
    return readSync(fd, chunk);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return 0;
    throw error;
  }
}
