import { readFileSync, readlinkSync } from "node:fs";
import { CleaveError, decodeText } from "../base/index.ts";

/**
 * Give the arguments of this process as byte strings.
 *
 * `process.argv` replaces bytes that are not UTF-8, so where it shows a replacement character the kernel's
 * own record is read. That record lists the arguments last, each ended by NUL.
 */
export function readArgv(): string[] {
  const args = process.argv.slice(2);
  if (args.length === 0 || !args.some((arg) => arg.includes("\ufffd"))) return args;
  const all = readFileSync("/proc/self/cmdline");
  const parts: string[] = [];
  for (let start = 0; start < all.length; ) {
    const end = all.indexOf(0, start);
    parts.push(decodeText(all.subarray(start, end)));
    start = end + 1;
  }
  return parts.slice(-args.length);
}

/** Give the working folder as a byte string. Throws `cli-no-folder` where it has been deleted. */
export function readWorkingFolder(): string {
  try {
    const folder = process.cwd();
    return folder.includes("\ufffd") ? decodeText(readlinkSync("/proc/self/cwd", "buffer")) : folder;
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
    throw new CleaveError({
      code: "cli-no-folder",
      message: "the working folder is gone, and paths are relative to it",
      hint: "go to a folder that is there, such as with cd /",
    });
  }
}
