import { type Hash, type HashAlgorithm, makeHasher } from "../hash.ts";
import { type DumpOptions, dumpPath } from "./dump.ts";

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
  const hasher = makeHasher(algorithm);
  let size = 0;
  for await (const block of dumpPath(path, options)) {
    hasher.update(block);
    size += block.length;
    progress?.(size);
  }
  return { hash: hasher.finish(), size };
}
