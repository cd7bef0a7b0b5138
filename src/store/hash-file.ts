import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { CleaveError, encodeText, fileError } from "../base/index.ts";
import { type Hash, type HashAlgorithm, makeHasher } from "../nix/index.ts";

type HashFileOptions = {
  readonly each?: (bytes: Buffer) => void;
  readonly signal?: AbortSignal | undefined;
};

/** How many blocks are read before other things get their turn. */
const blocksAtOnce = 64;

/**
 * Hash the bytes of a file, a byte string; a symlink is followed, as Nix does for flat hashes. `each` gets the
 * bytes. Throws `file-failed`, `nar-unsupported-file`.
 */
export async function hashFile(
  file: string,
  algorithm: HashAlgorithm,
  { each, signal }: HashFileOptions = {},
): Promise<Hash> {
  const hasher = makeHasher(algorithm);
  const block = Buffer.allocUnsafe(256 * 1024);
  const read = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw fileError(error, "read the file", file);
    }
  };
  const fd = read(() => openSync(encodeText(file), constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    const stats = fstatSync(fd);
    // A pipe could keep this waiting for ever, and is empty when it is read again.
    if (!stats.isFile() && !stats.isDirectory())
      throw new CleaveError({
        code: "nar-unsupported-file",
        message: "the file is neither a regular file nor a folder nor a symlink",
        hint: "copy what it gives into a file first",
        location: { file },
      });
    for (let blocks = 1; ; blocks += 1) {
      if (blocks % blocksAtOnce === 0) await turn();
      signal?.throwIfAborted();
      const length = read(() => readSync(fd, block));
      if (length === 0) return hasher.finish();
      hasher.update(block.subarray(0, length));
      each?.(block.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}
