/**
 * Rewrites hash parts in a stream, in place: 32 bytes become 32 others, everything else stays as it is.
 *
 * Of occurrences that overlap the leftmost is rewritten, and what was written is not read again. Memory is that
 * of a chunk.
 *
 * The hash of content that refers to itself is taken modulo its own hash part, as Nix does it: 32 zero bytes stand
 * in place of each occurrence, and after the content comes `|` and the decimal offset of each, in order. So
 * content whose references were zeros from the start has another hash.
 */
import { type Hash, type HashAlgorithm, makeHasher } from "./hash.ts";
import { checkHashPart, hashPartLength, indexHashParts } from "./hash-part-index.ts";

export type Rewriter = {
  /** Take the next bytes and give those that are ready, in memory of their own: all but the last few. */
  readonly update: (chunk: Uint8Array) => Uint8Array;
  /** End the stream and give its last bytes. */
  readonly finish: () => Uint8Array;
};

/** Start rewriting a stream: each hash part that is a key becomes its value, which is a hash part too. */
export function makeRewriter(rewrites: ReadonlyMap<string, string>): Rewriter {
  for (const to of rewrites.values()) checkHashPart(to);
  return rewriter(
    [...rewrites.keys()],
    [...rewrites.values()].map((to) => Buffer.from(to, "latin1")),
  );
}

export type ModuloHasher = {
  readonly update: (chunk: Uint8Array) => void;
  /** Give the hash, and whether the hash part occurred. */
  readonly finish: () => { readonly hash: Hash; readonly self: boolean };
};

/** Start hashing a stream modulo a hash part, as the path of what refers to itself needs it. */
export function makeModuloHasher(algorithm: HashAlgorithm, hashPart: string): ModuloHasher {
  const hasher = makeHasher(algorithm);
  const offsets: number[] = [];
  const { update, finish } = rewriter([hashPart], [Buffer.alloc(hashPartLength)], (offset) => {
    offsets.push(offset);
  });
  return {
    update: (chunk) => hasher.update(update(chunk)),
    finish: () => {
      hasher.update(finish());
      for (const offset of offsets) hasher.update(Buffer.from(`|${offset}`));
      return { hash: hasher.finish(), self: offsets.length > 0 };
    },
  };
}

function rewriter(
  from: readonly string[],
  to: readonly Uint8Array[],
  visit: (offset: number) => void = () => {},
): Rewriter {
  const { find } = indexHashParts(from);
  let held = Buffer.alloc(0);
  /** Where `held` starts in the stream. */
  let offset = 0;
  return {
    update: (chunk) => {
      const joined = Buffer.concat([held, chunk]);
      const places: { part: number; start: number }[] = [];
      let end = 0;
      find(joined, (part, start) => {
        if (start < end) return;
        end = start + hashPartLength;
        places.push({ part, start });
      });
      for (const { part, start } of places) {
        joined.set(to[part] ?? [], start);
        visit(offset + start);
      }
      // What could be the beginning of an occurrence waits for the next chunk.
      const ready = Math.max(end, joined.length - (hashPartLength - 1), 0);
      held = Buffer.from(joined.subarray(ready));
      offset += ready;
      return joined.subarray(0, ready);
    },
    finish: () => held,
  };
}
