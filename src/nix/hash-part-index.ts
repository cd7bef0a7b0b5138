/**
 * Finds the hash parts of a given set in bytes, at memory speed whatever the bytes are.
 *
 * An occurrence is 32 bytes long, so it covers 8 bytes at a multiple of 24: only those samples are looked at. A
 * bit tells whether any hash part has these 8 bytes at one of its offsets 0 to 23; where it is set, a mask tells
 * at which, and the whole window around is looked up in an open-addressing table. All of it is linear, whatever
 * the hash parts and the bytes.
 */
import { base32Worth } from "./base32.ts";

export const hashPartLength = 32;

const stride = 24;

/** Two bits of four bytes, and what they are in every digit of nix32: most bytes of programs differ there. */
const digitBits = 0xa0a0a0a0 | 0;
const digitValue = 0x20202020;

export type HashPartIndex = {
  readonly parts: readonly string[];
  /**
   * Visit every occurrence in the order of their places, overlapping ones too: which of `parts` it is, and where
   * it starts. Whoever reads a stream joins its chunks: what only starts or ends in `bytes` is not found.
   */
  readonly find: (bytes: Uint8Array, visit: (part: number, start: number) => void) => void;
};

/** Index hash parts, each 32 digits of nix32 and given once; anything else is a bug of the caller. */
export function indexHashParts(parts: readonly string[]): HashPartIndex {
  const text = Buffer.alloc(parts.length * hashPartLength);
  parts.forEach((part, index) => {
    checkHashPart(part);
    text.write(part, index * hashPartLength, "latin1");
  });
  const { bits, masks, drop } = makeSamples(text);
  const table = makeTable(text);

  const find: HashPartIndex["find"] = (bytes, visit) => {
    const last = bytes.length - hashPartLength;
    if (last < 0) return;
    // Words are read where memory has them; x64 and arm64 both have the low byte first, as `makeSamples` does.
    const shift = -bytes.byteOffset & 3;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + shift, (bytes.length - shift) >> 2);
    for (let word = nextSample(words, 0); word >= 0; word = nextSample(words, word + stride / 4)) {
      const at = word * 4 + shift;
      let offsets = masks[again(mix(words[word] ?? 0, words[word + 1] ?? 0)) >>> (drop + 4)] ?? 0;
      while (offsets !== 0) {
        const offset = 31 - Math.clz32(offsets);
        offsets ^= 1 << offset;
        const start = at - offset;
        if (start < 0 || start > last) continue;
        const part = lookUp(table, bytes, start);
        if (part >= 0) visit(part, start);
      }
    }
  };

  /** Give the index of the first word of the next sample whose bit is set, or -1. This is where the time goes. */
  const nextSample = (words: Int32Array, from: number): number => {
    const end = words.length - 1;
    for (let word = from; word < end; word += stride / 4) {
      const low = words[word] ?? 0;
      const high = words[word + 1] ?? 0;
      if ((((low ^ digitValue) | (high ^ digitValue)) & digitBits) !== 0) continue;
      const bit = mix(low, high) >>> drop;
      if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0) return word;
    }
    return -1;
  };
  return { parts, find };
}

/** Refuse, as a bug of the caller, what is not 32 digits of nix32. */
export function checkHashPart(part: string): void {
  let digits = 0;
  for (let at = 0; at < part.length; at += 1) digits += base32Worth(part.charCodeAt(at)) < 0 ? 0 : 1;
  if (part.length !== hashPartLength || digits !== hashPartLength)
    throw new Error(`${JSON.stringify(part)} is no hash part`);
}

type Samples = {
  /** 16 to 32 bits for each sample, one of them set. */
  readonly bits: Int32Array;
  /** A sixteenth as many words, in which bit n says that a sample is at offset n of a hash part. */
  readonly masks: Int32Array;
  /** How far a hash is shifted to the right to become the index of a bit. */
  readonly drop: number;
};

function makeSamples(text: Buffer): Samples {
  const count = (text.length / hashPartLength) * stride;
  const width = Math.min(28, Math.max(10, Math.ceil(Math.log2(count * 16 + 1))));
  const bits = new Int32Array(2 ** (width - 5));
  const masks = new Int32Array(2 ** (width - 4));
  const drop = 32 - width;
  for (let part = 0; part < text.length; part += hashPartLength)
    for (let offset = 0; offset < stride; offset += 1) {
      const hash = mix(text.readInt32LE(part + offset), text.readInt32LE(part + offset + 4));
      const bit = hash >>> drop;
      bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
      const word = again(hash) >>> (drop + 4);
      masks[word] = (masks[word] ?? 0) | (1 << offset);
    }
  return { bits, masks, drop };
}

type Table = {
  /** All hash parts, one after the other. */
  readonly text: Buffer;
  /** A power of two, at least half of them 0, which is free; the others are where a part starts in `text`, plus 1. */
  readonly slots: Int32Array;
};

function makeTable(text: Buffer): Table {
  const count = text.length / hashPartLength;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(count * 2 + 2)));
  for (let own = 0; own < text.length; own += hashPartLength) {
    let slot = hashWindow(text, own) & (slots.length - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = own + 1;
  }
  return { text, slots };
}

/** Give the index of the hash part that stands at `start`, or -1. */
function lookUp({ text, slots }: Table, bytes: Uint8Array, start: number): number {
  for (let slot = hashWindow(bytes, start); ; slot += 1) {
    const own = (slots[slot & (slots.length - 1)] ?? 0) - 1;
    if (own < 0) return -1;
    let same = 0;
    while (same < hashPartLength && text[own + same] === bytes[start + same]) same += 1;
    if (same === hashPartLength) return own / hashPartLength;
  }
}

function hashWindow(bytes: Uint8Array, start: number): number {
  let hash = 0;
  for (let at = start; at < start + hashPartLength; at += 1)
    hash = (Math.imul(hash, 0x01000193) + (bytes[at] ?? 0)) | 0;
  return again(hash);
}

/** Hash two words. The upper bits are the good ones. */
function mix(low: number, high: number): number {
  const hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
  return Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d);
}

/** Hash a hash once more, for a second one that is independent of it. All bits are good. */
function again(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return mixed ^ (mixed >>> 15);
}
