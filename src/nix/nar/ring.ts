/**
 * Memory that one thread fills with blocks and another empties, in order, and a counter from which both draw work.
 *
 * The blocks come in runs, one for each piece of work that the filler drew; a run ends with a block of length 0.
 * Each side waits where there is nothing to do for it, so no more than {@link slots} blocks are there at a time.
 */
import { Buffer } from "node:buffer";

export const blockSize: number = 256 * 1024;
const slots = 8;
const headerBytes = 64;

// Indices of 32-bit numbers: how many blocks were filled and emptied (modulo 2^32); whether each side waits, 1 or 0;
// whether the emptier has gone, and the filler has come; how many pieces of work were drawn, and how often the filler
// found no more; from `lengths` on the length of each slot's block.
const filled = 0;
const emptied = 1;
const fillerWaits = 2;
const emptierWaits = 3;
const stopped = 4;
const ready = 5;
const drawn = 6;
const finished = 7;
const lengths = 8;

/** The length of a block that says: the filler failed, and the block holds why. */
const failure = -1;

export type Ring = { readonly numbers: Int32Array; readonly memory: SharedArrayBuffer };

export function makeRing(): Ring {
  return openRing(new SharedArrayBuffer(headerBytes + slots * blockSize));
}

export function openRing(memory: SharedArrayBuffer): Ring {
  return { memory, numbers: new Int32Array(memory, 0, headerBytes / 4) };
}

function slot({ memory }: Ring, count: number): Buffer {
  return Buffer.from(memory, headerBytes + ((count >>> 0) % slots) * blockSize, blockSize);
}

/** Say that the filler is there. */
export function announce({ numbers }: Ring): void {
  Atomics.store(numbers, ready, 1);
  Atomics.notify(numbers, ready);
}

/** Say whether the filler is there, after waiting for it for up to `milliseconds`. */
export function isReady({ numbers }: Ring, milliseconds = 0): boolean {
  if (milliseconds > 0) Atomics.wait(numbers, ready, 0, milliseconds);
  return Atomics.load(numbers, ready) === 1;
}

/** Wake the side that waits, if it does: to wake is a system call, and a slow one. */
function wake(numbers: Int32Array, waits: number): void {
  if (Atomics.exchange(numbers, waits, 0) === 1) Atomics.notify(numbers, waits);
}

/** Say that nobody empties the ring any more. */
export function stopRing({ numbers }: Ring): void {
  Atomics.store(numbers, stopped, 1);
  wake(numbers, fillerWaits);
}

/** Say that the filler found no more work and draws no more until it is told to. */
export function finishWork({ numbers }: Ring): void {
  Atomics.add(numbers, finished, 1);
  Atomics.notify(numbers, finished);
}

/** Say whether the filler has found no more work `times` times, after waiting for it for up to `milliseconds`. */
export function isFinished({ numbers }: Ring, times: number, milliseconds: number): boolean {
  const now = Atomics.load(numbers, finished);
  if (now !== times) Atomics.wait(numbers, finished, now, milliseconds);
  return Atomics.load(numbers, finished) === times;
}

/** Count the pieces of work from 0 again; the filler must not draw meanwhile. */
export function resetWork({ numbers }: Ring): void {
  Atomics.store(numbers, drawn, 0);
}

/** Draw the number of a piece of work that nobody has. */
export function drawWork({ numbers }: Ring): number {
  return Atomics.add(numbers, drawn, 1);
}

/** Say whether somebody has a piece of work. */
export function isDrawn({ numbers }: Ring, piece: number): boolean {
  return Atomics.load(numbers, drawn) > piece;
}

/**
 * Fill a run of blocks, until `fill`, which writes into a block and gives its length, gives 0. Blocks the thread
 * while the ring is full. What `fill` throws, `describe` writes for the other side. Gives false when there is to be
 * no other run.
 */
export function fillRun(
  ring: Ring,
  fill: (block: Buffer) => number,
  describe: (error: unknown) => Buffer,
): boolean {
  const { numbers } = ring;
  for (;;) {
    const count = Atomics.load(numbers, filled);
    while (full(numbers) === slots && Atomics.load(numbers, stopped) === 0) {
      Atomics.store(numbers, fillerWaits, 1);
      // Again, as the other side looks at the number after it has given back a block.
      if (full(numbers) === slots && Atomics.load(numbers, stopped) === 0)
        Atomics.wait(numbers, fillerWaits, 1);
    }
    if (Atomics.load(numbers, stopped) === 1) return false;
    const block = slot(ring, count);
    let length: number;
    try {
      length = fill(block);
    } catch (error) {
      length = failure;
      const why = describe(error);
      block.writeUInt32LE(why.length);
      why.copy(block, 4);
    }
    numbers[lengths + ((count >>> 0) % slots)] = length;
    Atomics.add(numbers, filled, 1);
    wake(numbers, emptierWaits);
    if (length <= 0) return length === 0;
  }
}

/** Count the blocks that are there. */
function full(numbers: Int32Array): number {
  return (Atomics.load(numbers, filled) - Atomics.load(numbers, emptied)) | 0;
}

/** Say whether a block is there, after waiting for it for up to `milliseconds`. */
export function hasBlock({ numbers }: Ring, milliseconds = 0): boolean {
  if (full(numbers) > 0 || milliseconds === 0) return full(numbers) > 0;
  Atomics.store(numbers, emptierWaits, 1);
  if (full(numbers) === 0) Atomics.wait(numbers, emptierWaits, 1, milliseconds);
  Atomics.store(numbers, emptierWaits, 0);
  return full(numbers) > 0;
}

/** Look at the next block, which is there; it is empty at the end of a run. Throws what `revive` makes of a failure. */
export function peekBlock(ring: Ring, revive: (why: Buffer) => unknown): Buffer {
  const count = Atomics.load(ring.numbers, emptied);
  const block = slot(ring, count);
  const length = ring.numbers[lengths + ((count >>> 0) % slots)] ?? 0;
  if (length === failure) throw revive(block.subarray(4, 4 + block.readUInt32LE()));
  return block.subarray(0, length);
}

/** Give the block that was looked at back to be filled. */
export function returnBlock({ numbers }: Ring): void {
  Atomics.add(numbers, emptied, 1);
  // Not for each: the filler then fills several in one go.
  if (full(numbers) <= slots / 2) wake(numbers, fillerWaits);
}
