import { type Hash, type HashAlgorithm, hashBytes, makeHasher } from "../hash.ts";
import { type DumpOptions, dumpSteps } from "./dump.ts";
import { startWalk } from "./walk.ts";

export type HashPathOptions = DumpOptions & {
  /** SHA-256 if absent. */
  readonly algorithm?: HashAlgorithm;
  /** Is told after each block how many bytes of the NAR are through. */
  readonly progress?: (done: number) => void;
};

/** Hash the NAR of a path on disk, a byte string, and count its bytes. Throws what `dumpPath` throws. */
export async function hashPath(
  path: string,
  { algorithm = "sha256", progress, ...options }: HashPathOptions = {},
): Promise<{ readonly hash: Hash; readonly size: number }> {
  const walk = startWalk(path);
  let hasher: ReturnType<typeof makeHasher> | undefined;
  let size = 0;
  for (const step of dumpSteps(walk, options)) {
    if (step instanceof Promise) {
      await step;
      continue;
    }
    size += step.length;
    progress?.(size);
    // Most of what a store has is one block, which is quicker to hash at once.
    if (hasher === undefined && walk.stage === "done") return { hash: hashBytes(algorithm, step), size };
    hasher ??= makeHasher(algorithm);
    hasher.update(step);
  }
  if (hasher === undefined) throw new Error("a NAR has no bytes");
  return { hash: hasher.finish(), size };
}
