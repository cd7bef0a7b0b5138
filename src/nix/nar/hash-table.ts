/**
 * Memory in which several threads hash many paths: a counter from which each draws the next, and for each path what came
 * of it.
 */
import { Buffer } from "node:buffer";
import { makeHash } from "../hash.ts";
import type { HashedPath } from "./hash-path.ts";

/** How far a path is: nobody has hashed it yet, its hash and size are there, or hashing it failed. */
type Progress = "pending" | "hashed" | "failed";

const progresses: readonly Progress[] = ["pending", "hashed", "failed"];
const hashBytes = 32;

export type HashTable = {
  readonly memory: SharedArrayBuffer;
  readonly count: number;
  /** The counter, then the progress of each path. */
  readonly numbers: Int32Array;
  readonly sizes: Float64Array;
  readonly hashes: Buffer;
};

export function makeHashTable(count: number): HashTable {
  return openHashTable(new SharedArrayBuffer(count * (8 + hashBytes + 4) + 4), count);
}

export function openHashTable(memory: SharedArrayBuffer, count: number): HashTable {
  return {
    memory,
    count,
    sizes: new Float64Array(memory, 0, count),
    hashes: Buffer.from(memory, count * 8, count * hashBytes),
    numbers: new Int32Array(memory, count * (8 + hashBytes), count + 1),
  };
}

/** Draw the index of a path that nobody has; gives nothing where there is none. */
export function drawPath({ numbers, count }: HashTable): number | undefined {
  const index = Atomics.add(numbers, 0, 1);
  return index < count ? index : undefined;
}

export function putHashed(
  { numbers, sizes, hashes }: HashTable,
  index: number,
  { hash, size }: HashedPath,
): void {
  sizes[index] = size;
  hashes.set(hash.digest, index * hashBytes);
  settle(numbers, index, "hashed");
}

export function putFailed({ numbers }: HashTable, index: number): void {
  settle(numbers, index, "failed");
}

function settle(numbers: Int32Array, index: number, progress: Progress): void {
  Atomics.store(numbers, index + 1, progresses.indexOf(progress));
  Atomics.notify(numbers, index + 1);
}

/** Say how far a path is, after waiting for up to `milliseconds` where it is pending. */
export function progressOf({ numbers }: HashTable, index: number, milliseconds = 0): Progress {
  if (milliseconds > 0) Atomics.wait(numbers, index + 1, 0, milliseconds);
  return progresses[Atomics.load(numbers, index + 1)] ?? "pending";
}

/** Read what was put for a path that is hashed. */
export function hashedAt({ sizes, hashes }: HashTable, index: number): HashedPath {
  const bytes = hashes.subarray(index * hashBytes, (index + 1) * hashBytes);
  return { hash: makeHash("sha256", Buffer.from(bytes)), size: sizes[index] ?? 0 };
}
