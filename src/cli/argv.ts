import { readFileSync } from "node:fs";
import { decodeText } from "../base/index.ts";

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
