import { closeSync, openSync, readSync } from "node:fs";
import { encodeText, fileError } from "../base/index.ts";
import { type Hash, type HashAlgorithm, makeHasher } from "../nix/index.ts";

/**
 * Hash the bytes of a file, a byte string; a symlink is followed, as Nix does for flat hashes. `each` gets the
 * bytes. Throws `file-failed`.
 */
export function hashFile(
  file: string,
  algorithm: HashAlgorithm,
  each: (bytes: Buffer) => void = () => {},
): Hash {
  const hasher = makeHasher(algorithm);
  const block = Buffer.allocUnsafe(256 * 1024);
  const read = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw fileError(error, "read the file", file);
    }
  };
  const fd = read(() => openSync(encodeText(file), "r"));
  try {
    for (;;) {
      const length = read(() => readSync(fd, block));
      if (length === 0) return hasher.finish();
      hasher.update(block.subarray(0, length));
      each(block.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}
