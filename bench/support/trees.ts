/** Trees of files for benches. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Bytes that do not repeat within a file and cost nothing to make: a fixed xorshift. */
export function noise(size: number, seed: number): Buffer {
  const words = new Uint32Array(size / 4);
  let state = seed + 1;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer);
}

/** Make a tree of 20,200 files and 278 MiB: 20,000 of 4 KiB in 200 folders, and 200 of 1 MiB. */
export function makeLargeTree(path: string): void {
  mkdirSync(join(path, "large"), { recursive: true });
  for (let at = 0; at < 20_000; at += 1) {
    const folder = join(path, `d${Math.floor(at / 100)}`);
    if (at % 100 === 0) mkdirSync(folder);
    writeFileSync(join(folder, `f${at}`), noise(4096, at));
  }
  const block = noise(2 ** 20, 0);
  for (let at = 0; at < 200; at += 1) writeFileSync(join(path, `large/g${at}`), block);
}
