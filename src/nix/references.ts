/**
 * Scans a stream for references: hash parts of store paths, wherever they stand, as Nix does it.
 *
 * A hash part counts without `/nix/store/` before it and without its name after it, and where two overlap both
 * count. What is compressed or split up in the stream is not found; neither does Nix.
 */
import { hashPartLength, indexHashParts } from "./hash-part-index.ts";

export type ReferenceScanner = {
  /** Take the next bytes; chunks may be of any size. They are not kept. */
  readonly update: (chunk: Uint8Array) => void;
  /** List the candidates that have turned up so far, in the order in which they were given. */
  readonly found: () => string[];
};

/** Start scanning a stream for candidates, each the 32 digits of a hash part. */
export function makeReferenceScanner(candidates: Iterable<string>): ReferenceScanner {
  const { parts, find } = indexHashParts([...new Set(candidates)]);
  const seen = new Uint8Array(parts.length);
  let missing = parts.length;
  const visit = (part: number) => {
    if (seen[part] === 1) return;
    seen[part] = 1;
    missing -= 1;
  };
  const most = hashPartLength - 1;
  // The end of what came before, and room for as much of what follows.
  const seam = Buffer.alloc(most * 2);
  let held = 0;
  return {
    update: (chunk) => {
      if (missing === 0) return;
      const head = Math.min(most, chunk.length);
      seam.set(chunk.subarray(0, head), held);
      const joined = held + head;
      if (held > 0) find(seam.subarray(0, joined), visit);
      if (chunk.length > most) {
        find(chunk, visit);
        seam.set(chunk.subarray(chunk.length - most));
        held = most;
      } else {
        held = Math.min(most, joined);
        seam.copyWithin(0, joined - held, joined);
      }
    },
    found: () => parts.filter((_, part) => seen[part] === 1),
  };
}
