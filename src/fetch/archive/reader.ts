import { malformed } from "./malformed.ts";

/** Reads bytes that arrive in chunks, in the portions that a format wants. */
export type Reader = {
  /** How many bytes have been read. */
  readonly offset: () => number;
  /** Show what follows, at least `count` bytes of it unless it ends before; nothing is read yet. */
  readonly look: (count: number) => Promise<Buffer>;
  /** Read past bytes that `look` showed. */
  readonly skip: (count: number) => void;
  /** Read exactly `count` bytes. Throws `archive-malformed` where it ends before; `what` says in which part. */
  readonly take: (count: number, what: string) => Promise<Buffer>;
  /** Read 1 to `most` bytes, whichever are there; none at the end. */
  readonly some: (most: number) => Promise<Buffer>;
};

/** Make a reader of chunks. A chunk must not change once it was handed over. */
export function makeReader(chunks: AsyncIterable<Uint8Array>): Reader {
  const source = chunks[Symbol.asyncIterator]();
  let kept: Buffer = Buffer.alloc(0);
  let offset = 0;
  let ended = false;
  const pull = async (): Promise<Buffer | undefined> => {
    if (ended) return undefined;
    const { done, value } = await source.next();
    ended = done === true;
    return done === true ? undefined : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  };
  const look = async (count: number) => {
    if (kept.length >= count) return kept;
    const parts = [kept];
    let length = kept.length;
    while (length < count) {
      const part = await pull();
      if (part === undefined) break;
      parts.push(part);
      length += part.length;
    }
    kept = parts.length === 1 ? kept : Buffer.concat(parts);
    return kept;
  };
  const skip = (count: number) => {
    kept = kept.subarray(count);
    offset += count;
  };
  return {
    offset: () => offset,
    look,
    skip,
    take: async (count, what) => {
      const shown = await look(count);
      if (shown.length < count)
        throw malformed(`the archive ends in the middle of ${what}`, offset + shown.length);
      skip(count);
      return shown.subarray(0, count);
    },
    some: async (most) => {
      while (kept.length === 0) {
        const part = await pull();
        if (part === undefined) break;
        kept = part;
      }
      const part = kept.subarray(0, most);
      skip(part.length);
      return part;
    },
  };
}
