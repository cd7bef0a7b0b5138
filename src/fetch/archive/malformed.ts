import { CleaveError } from "../../base/index.ts";

/** Make the error of an archive that cannot be read. `offset` is in bytes of what is being read. */
export function malformed(message: string, offset?: number): CleaveError {
  return new CleaveError({
    code: "archive-malformed",
    message,
    hint: "fetch it again and check its hash; cleave reads tar, plain or with gzip, bzip2, xz or zstd, and zip",
    location: offset === undefined ? undefined : { offset },
  });
}

/** Make the error of an archive that is not safe to unpack. */
export function refused(message: string): CleaveError {
  return new CleaveError({
    code: "archive-refused",
    message,
    hint: "if you trust the archive, pack it anew without this entry",
  });
}

/** Make the error of an archive that holds more than it may. */
export function beyondLimit(
  what: string,
  hint = "if that is what you want, raise the limit (cleave unpack --max-bytes, --max-entries)",
): CleaveError {
  return new CleaveError({
    code: "archive-limit",
    message: `the archive unpacks to ${what}, which is the limit`,
    hint,
  });
}
