/**
 * `file:` URLs: "file://" [ "localhost" ] path, the path with %XX for bytes.
 */
import { createReadStream } from "node:fs";
import { CleaveError, decodeText, quote } from "../base/index.ts";
import { Failure } from "./failure.ts";
import { decodePercent } from "./percent.ts";

/** Read the file of a `file:` URL in chunks. Throws {@link Failure}. */
export async function* readFileUrl(url: URL, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const path = filePathOf(url);
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 18, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    throw refuse(`the file ${quote(decodeText(path))} cannot be read`, cause);
  }
}

/** Give the path of a `file:` URL as bytes. Throws {@link Failure}. */
function filePathOf(url: URL): Buffer {
  if (url.hostname !== "") throw refuse(`the URL ${url.href} names the host ${url.hostname}`);
  const path = decodePercent(url.pathname);
  if (path.includes(0)) throw refuse(`the URL ${url.href} names a file with NUL`);
  return path;
}

function refuse(message: string, cause?: unknown): Failure {
  return new Failure(
    new CleaveError({
      code: "fetch-file",
      message,
      hint: "a file URL is file:///PATH, with %20 for a space",
      cause,
    }),
    false,
  );
}
