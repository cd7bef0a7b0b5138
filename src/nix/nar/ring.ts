/**
 * Memory that one thread fills with blocks and another empties, in order.
 *
 * Each side waits where there is nothing to do for it, so no more than {@link slots} blocks are there at a time.
 */
import { Buffer } from "node:buffer";

export const blockSize: number = 256 * 1024;
const slots = 8;
const headerBytes = 64;

// Indices of 32-bit numbers: how many blocks were filled and emptied (modulo 2^32), whether the emptier has gone,
// whether the filler has come; from `lengths` on the length of each slot's block.
const filled = 0;
const emptied = 1;
const stopped = 2;
const ready = 3;
const lengths = 4;

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
  return Buffer.from(memory, headerBytes + (count % slots) * blockSize, blockSize);
}

/** Say that the filler is there. */
export function announce({ numbers }: Ring): void {
  Atomics.store(numbers, ready, 1);
}

export function isReady({ numbers }: Ring): boolean {
  return Atomics.load(numbers, ready) === 1;
}

/** Say that nobody empties the ring any more. */
export function stopRing({ numbers }: Ring): void {
  Atomics.store(numbers, stopped, 1);
  Atomics.notify(numbers, emptied);
}

/**
 * Fill the ring until `fill`, which writes into a block and gives its length, gives 0. Blocks the thread while the ring is
 * full; ends early when nobody empties it. What `fill` throws, `describe` writes for the other side.
 */
export function fillRing(
  ring: Ring,
  fill: (block: Buffer) => number,
  describe: (error: unknown) => Buffer,
): void {
  const { numbers } = ring;
  for (let count = 0; ; count += 1) {
    for (let taken = Atomics.load(numbers, emptied); count - taken >= slots; ) {
      if (Atomics.load(numbers, stopped) === 1) return;
      Atomics.wait(numbers, emptied, taken);
      taken = Atomics.load(numbers, emptied);
    }
    if (Atomics.load(numbers, stopped) === 1) return;
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
    numbers[lengths + (count % slots)] = length;
    Atomics.store(numbers, filled, count + 1);
    Atomics.notify(numbers, filled);
    if (length <= 0) return;
  }
}

/** Empty the ring. A block is valid until the next is asked for. Throws what `revive` makes of a failure. */
export async function* emptyRing(ring: Ring, revive: (why: Buffer) => unknown): AsyncGenerator<Buffer> {
  const { numbers } = ring;
  for (let count = 0; ; count += 1) {
    while (Atomics.load(numbers, filled) === count) {
      const waiting = Atomics.waitAsync(numbers, filled, count);
      if (waiting.async) await waiting.value;
    }
    const block = slot(ring, count);
    const length = numbers[lengths + (count % slots)] ?? 0;
    if (length === failure) throw revive(block.subarray(4, 4 + block.readUInt32LE()));
    if (length === 0) return;
    yield block.subarray(0, length);
    Atomics.store(numbers, emptied, count + 1);
    Atomics.notify(numbers, emptied);
  }
}
