/**
 * LZMA, as the chunks of LZMA2 hold it (the specification of LZMA, and the format of .xz files, section 5.3.1).
 *
 * A range decoder gives bits, each by a probability that adapts; bits make literals and matches, a match being a
 * distance back into what was decoded and a length. Every chunk starts its range decoder anew; probabilities,
 * state and history go on unless the chunk resets them.
 */

/** Says what is wrong with a chunk, in a few words. */
export class LzmaError extends Error {
  override readonly name = "LzmaError";
}

export type LzmaDecoder = {
  /** Forget what was decoded: distances cannot reach behind this. */
  readonly resetHistory: () => void;
  /** Set the probabilities and the state to their start. */
  readonly resetState: () => void;
  /** Set lc, lp and pb from their byte. Throws {@link LzmaError}. */
  readonly setProperties: (byte: number) => void;
  /** Append bytes as they are; gives them. */
  readonly copy: (bytes: Uint8Array) => Buffer;
  /** Decode a chunk of at most 2 MiB to exactly `size` bytes. Throws {@link LzmaError}. */
  readonly decode: (chunk: Uint8Array, size: number) => Buffer;
};

const states = 12;
// Where each kind of bit has its probabilities.
const isMatch = 0;
const isRep = isMatch + states * 16;
const isRepG0 = isRep + states;
const isRepG1 = isRepG0 + states;
const isRepG2 = isRepG1 + states;
const isRep0Long = isRepG2 + states;
const posSlots = isRep0Long + states * 16;
const posSpecial = posSlots + 4 * 64;
const posAlign = posSpecial + 128;
const lengths = posAlign + 16;
// A length: two choices, 16 tables of 8, 16 tables of 8, one of 256.
const lengthSize = 2 + 16 * 8 + 16 * 8 + 256;
const repLengths = lengths + lengthSize;
const literals = repLengths + lengthSize;

/** Make a decoder with a history of `dictionary` bytes. */
export function makeLzmaDecoder(dictionary: number): LzmaDecoder {
  // Twice the history, so that moving it to the front costs a copy per byte at most. Memory is used as it fills.
  const output = Buffer.allocUnsafeSlow(2 * Math.max(dictionary, 2 ** 21));
  let end = 0;
  // Where the history was reset: before the start of `output` once that was moved.
  let origin = 0;
  let probabilities = new Uint16Array(literals);
  let lc = 0;
  let literalMask = 0;
  let positionMask = 0;
  let state = 0;
  let rep0 = 0;
  let rep1 = 0;
  let rep2 = 0;
  let rep3 = 0;
  // The range decoder.
  let input: Uint8Array = output;
  let at = 0;
  let range = 0;
  let code = 0;

  const bit = (index: number): number => {
    const probability = probabilities[index] ?? 0;
    const bound = Math.imul(range >>> 11, probability);
    let result: number;
    if (code >>> 0 < bound >>> 0) {
      range = bound;
      probabilities[index] = probability + ((2048 - probability) >> 5);
      result = 0;
    } else {
      range = (range - bound) | 0;
      code = (code - bound) | 0;
      probabilities[index] = probability - (probability >> 5);
      result = 1;
    }
    if ((range & 0xff000000) === 0) {
      range <<= 8;
      code = (code << 8) | (input[at] ?? 0);
      at += 1;
    }
    return result;
  };
  /**
   * Decode `symbol` on until it has reached `full`: bits of a tree whose probabilities start at `base`. This is `bit`
   * in a loop, on local variables, for most of all bits are read here.
   */
  const walk = (base: number, from: number, full: number): number => {
    const table = probabilities;
    const bytes = input;
    let symbol = from;
    let r = range;
    let c = code;
    let next = at;
    while (symbol < full) {
      const index = base + symbol;
      const probability = table[index] ?? 0;
      const bound = Math.imul(r >>> 11, probability);
      if (c >>> 0 < bound >>> 0) {
        r = bound;
        table[index] = probability + ((2048 - probability) >> 5);
        symbol <<= 1;
      } else {
        r = (r - bound) | 0;
        c = (c - bound) | 0;
        table[index] = probability - (probability >> 5);
        symbol = (symbol << 1) | 1;
      }
      if ((r & 0xff000000) === 0) {
        r <<= 8;
        c = (c << 8) | (bytes[next] ?? 0);
        next += 1;
      }
    }
    range = r;
    code = c;
    at = next;
    return symbol;
  };
  const tree = (base: number, bits: number): number => walk(base, 1, 1 << bits) - (1 << bits);
  const reverseTree = (base: number, bits: number): number => {
    let symbol = 1;
    let result = 0;
    for (let place = 0; place < bits; place += 1) {
      const one = bit(base + symbol);
      symbol = (symbol << 1) | one;
      result |= one << place;
    }
    return result;
  };
  const direct = (bits: number): number => {
    let result = 0;
    for (let left = bits; left > 0; left -= 1) {
      range >>>= 1;
      const one = code >>> 0 >= range >>> 0 ? 1 : 0;
      if (one === 1) code = (code - range) | 0;
      result = (result << 1) | one;
      if ((range & 0xff000000) === 0) {
        range <<= 8;
        code = (code << 8) | (input[at] ?? 0);
        at += 1;
      }
    }
    return result;
  };
  const length = (base: number, position: number): number => {
    if (bit(base) === 0) return 2 + tree(base + 2 + position * 8, 3);
    if (bit(base + 1) === 0) return 10 + tree(base + 130 + position * 8, 3);
    return 18 + tree(base + 258, 8);
  };
  const distance = (matchLength: number): number => {
    const slot = tree(posSlots + Math.min(matchLength - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) << bits;
    if (slot < 14) return high + reverseTree(posSpecial + high - slot, bits);
    return (high + (direct(bits - 4) << 4) + reverseTree(posAlign, 4)) | 0;
  };
  const literal = () => {
    const before = end > origin ? (output[end - 1] ?? 0) : 0;
    const table = literals + 0x300 * ((((end - origin) & literalMask) << lc) + (before >> (8 - lc)));
    let symbol = 1;
    if (state >= 7) {
      let match = output[end - rep0 - 1] ?? 0;
      while (symbol < 0x100) {
        const wanted = (match >> 7) & 1;
        match <<= 1;
        const one = bit(table + ((1 + wanted) << 8) + symbol);
        symbol = (symbol << 1) | one;
        if (one !== wanted) break;
      }
    }
    output[end] = walk(table, symbol, 0x100);
    end += 1;
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  };
  /** Decode a match; gives its length. */
  const match = (position: number): number => {
    if (bit(isRep + state) === 0) {
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      const count = length(lengths, position);
      state = state < 7 ? 7 : 10;
      rep0 = distance(count);
      return count;
    }
    if (bit(isRepG0 + state) === 0) {
      if (bit(isRep0Long + state * 16 + position) === 0) {
        state = state < 7 ? 9 : 11;
        return 1;
      }
    } else {
      let chosen = rep1;
      if (bit(isRepG1 + state) === 1) {
        chosen = rep2;
        if (bit(isRepG2 + state) === 1) {
          chosen = rep3;
          rep3 = rep2;
        }
        rep2 = rep1;
      }
      rep1 = rep0;
      rep0 = chosen;
    }
    const count = length(repLengths, position);
    state = state < 7 ? 8 : 11;
    return count;
  };
  /** Make room for `size` bytes after `end`. */
  const reserve = (size: number) => {
    if (end + size <= output.length) return;
    const from = Math.max(0, origin, end - dictionary);
    output.copyWithin(0, from, end);
    origin -= from;
    end -= from;
  };
  return {
    resetHistory: () => {
      origin = end;
    },
    resetState: () => {
      probabilities.fill(1024);
      state = 0;
      rep0 = 0;
      rep1 = 0;
      rep2 = 0;
      rep3 = 0;
    },
    setProperties: (byte) => {
      lc = byte % 9;
      const lp = Math.floor(byte / 9) % 5;
      const pb = Math.floor(byte / 45);
      if (pb > 4 || lc + lp > 4) throw new LzmaError("properties that there are not");
      literalMask = (1 << lp) - 1;
      positionMask = (1 << pb) - 1;
      probabilities = new Uint16Array(literals + (0x300 << (lc + lp)));
    },
    copy: (bytes) => {
      reserve(bytes.length);
      output.set(bytes, end);
      end += bytes.length;
      return Buffer.from(bytes);
    },
    decode: (chunk, size) => {
      reserve(size);
      const start = end;
      const limit = end + size;
      input = chunk;
      if (chunk.length < 5 || chunk[0] !== 0) throw new LzmaError("a chunk that does not start as one");
      code = ((chunk[1] ?? 0) << 24) | ((chunk[2] ?? 0) << 16) | ((chunk[3] ?? 0) << 8) | (chunk[4] ?? 0);
      range = -1;
      at = 5;
      while (end < limit) {
        const position = (end - origin) & positionMask;
        if (bit(isMatch + state * 16 + position) === 0) {
          literal();
          continue;
        }
        let count = match(position);
        const back = (rep0 >>> 0) + 1;
        if (back > end - origin || back > dictionary) throw new LzmaError("a match before the start");
        if (count > limit - end) throw new LzmaError("a match beyond the end of a chunk");
        if (back >= count) {
          output.copyWithin(end, end - back, end - back + count);
          end += count;
        } else for (; count > 0; count -= 1, end += 1) output[end] = output[end - back] ?? 0;
      }
      if (at !== chunk.length || code !== 0) throw new LzmaError("a chunk that does not end where it should");
      return Buffer.from(output.subarray(start, end));
    },
  };
}
