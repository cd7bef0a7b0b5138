import type { Buffer } from "node:buffer";
import { type Hash, type HashAlgorithm, hashBytes, makeHasher } from "../hash.ts";
import { beginDump, type DumpOptions, dumpSteps, wholeDump } from "./dump.ts";

export type HashPathOptions = DumpOptions & {
  /** SHA-256 if absent. */
  readonly algorithm?: HashAlgorithm;
  /** Is given the NAR in blocks, each valid until it returns. */
  readonly each?: (block: Buffer) => void;
};

/** The hash of a NAR, and how many bytes it has. */
export type HashedPath = { readonly hash: Hash; readonly size: number };

/** Hash the NAR of a path on disk, a byte string, and count its bytes. Throws what `dumpPath` throws. */
export async function hashPath(
  path: string,
  { algorithm = "sha256", each, ...options }: HashPathOptions = {},
): Promise<HashedPath> {
  const dump = beginDump(path);
  const whole = wholeDump(dump);
  if (whole !== undefined) {
    each?.(whole);
    return { hash: hashBytes(algorithm, whole), size: whole.length };
  }
  const hasher = makeHasher(algorithm);
  let size = 0;
  for (const step of dumpSteps(dump, options)) {
    if (step instanceof Promise) {
      await step;
      continue;
    }
    size += step.length;
    each?.(step);
    hasher.update(step);
  }
  return { hash: hasher.finish(), size };
}
