import { Buffer } from "node:buffer";
import { type Hash, type HashAlgorithm, hashBytes, makeHasher } from "../hash.ts";
import { type DumpOptions, dumpPath } from "./dump.ts";
import { blockSize } from "./ring.ts";
import { endWalk, fillBlock, startWalk } from "./walk.ts";

export type HashPathOptions = DumpOptions & {
  /** SHA-256 if absent. */
  readonly algorithm?: HashAlgorithm;
  /** Is told after each block how many bytes of the NAR are through. */
  readonly progress?: (done: number) => void;
};

/** Hash the NAR of a path on disk, a byte string, and count its bytes. Throws what {@link dumpPath} throws. */
export async function hashPath(
  path: string,
  { algorithm = "sha256", progress, ...options }: HashPathOptions = {},
): Promise<{ readonly hash: Hash; readonly size: number }> {
  const small = hashSmall(path, algorithm);
  if (small !== undefined) {
    progress?.(small.size);
    return small;
  }
  const hasher = makeHasher(algorithm);
  let size = 0;
  for await (const block of dumpPath(path, options)) {
    hasher.update(block);
    size += block.length;
    progress?.(size);
  }
  return { hash: hasher.finish(), size };
}

const block = Buffer.allocUnsafeSlow(blockSize);

/** Hash what fits into one block, which is most of what a store has, without the cost of a stream. */
function hashSmall(
  path: string,
  algorithm: HashAlgorithm,
): { readonly hash: Hash; readonly size: number } | undefined {
  const walk = startWalk(path);
  try {
    const size = fillBlock(walk, block);
    return walk.stage === "done" ? { hash: hashBytes(algorithm, block.subarray(0, size)), size } : undefined;
  } finally {
    endWalk(walk);
  }
}
