/**
 * The bzip2 format, as bzip2 1.0 writes and reads it; it has no specification.
 *
 *     file   = stream+ zeros
 *     stream = "BZh" level block* 17 72 45 38 50 90, CRC of the blocks' CRCs (32), zeros to the next byte
 *     block  = 31 41 59 26 53 59, CRC (32), randomised (1), origin (24), symbols in use (16 + 16 * 16 at most),
 *              number of tables (3), number of selectors (15), selectors, tables, codes
 *
 * Bits come highest first. A block's bytes (level * 100,000 at most) are run-length coded, sorted by
 * Burrows-Wheeler, moved to front with runs of the front counted in base 2, and coded by 2 to 6 Huffman tables
 * that change every 50 symbols. Randomised blocks, which only bzip2 before 0.9.5 wrote, are refused.
 */
import { bzip2Crc } from "./crc.ts";
import { malformed } from "./malformed.ts";
import type { Reader } from "./reader.ts";

/** More than any block takes: 900,050 symbols of 20 bits, selectors, tables. */
const largestBlock = 2_400_000;
const groupSize = 50;
const longestCode = 20;

/** Decompress bzip2 data. Throws `archive-malformed` with the offset in the compressed data. */
export async function* decodeBzip2(reader: Reader): AsyncGenerator<Buffer> {
  for (let first = true; first || (await reader.look(1)).length > 0; first = false) {
    const start = reader.offset();
    const header = await reader.look(4);
    if (!/^BZh[1-9]/.test(header.toString("latin1", 0, 4))) {
      if (!first && (await skipZeros(reader))) return;
      throw malformed(first ? "the bzip2 data has no header" : "something follows the bzip2 data", start);
    }
    reader.skip(4);
    yield* decodeStream(reader, ((header[3] ?? 0) - 48) * 100_000);
  }
}

/** Read to the end; says whether all was zeros. */
async function skipZeros(reader: Reader): Promise<boolean> {
  for (;;) {
    const part = await reader.some(2 ** 18);
    if (part.length === 0) return true;
    if (part.some((byte) => byte !== 0)) return false;
  }
}

async function* decodeStream(reader: Reader, blockSize: number): AsyncGenerator<Buffer> {
  const block = new Uint32Array(blockSize);
  let bitsDone = 0;
  let streamCrc = 0;
  for (;;) {
    const start = reader.offset();
    const bits = makeBits(await reader.look(largestBlock), bitsDone, start);
    const kind = bits.read(24) * 2 ** 24 + bits.read(24);
    const crc = bits.read(16) * 65536 + bits.read(16);
    if (kind === 0x177245385090) {
      if (crc !== streamCrc >>> 0) throw malformed("the bzip2 data has a wrong checksum", start);
      reader.skip(Math.ceil(bits.at() / 8));
      return;
    }
    if (kind !== 0x314159265359) throw malformed("the bzip2 data is damaged", start);
    const out = decodeBlock(bits, block);
    if (out.crc !== crc) throw malformed("a block of the bzip2 data has a wrong checksum", start);
    streamCrc = ((streamCrc << 1) | (streamCrc >>> 31)) ^ crc;
    bitsDone = bits.at() % 8;
    reader.skip(Math.floor(bits.at() / 8));
    yield* out.chunks;
  }
}

type Bits = {
  /** Read at most 24 bits. */
  readonly read: (count: number) => number;
  /** Read one symbol by a table. */
  readonly symbol: (table: Table) => number;
  /** How many bits were read. */
  readonly at: () => number;
  readonly damaged: () => Error;
};

function makeBits(bytes: Buffer, from: number, offset: number): Bits {
  let at = from;
  const most = bytes.length * 8;
  const damaged = () =>
    at > most
      ? malformed("the bzip2 data ends in the middle of a block", offset + bytes.length)
      : malformed("a block of the bzip2 data is damaged", offset + (at >> 3));
  /** Show the next 24 bits. */
  const peek = () => {
    const byte = at >> 3;
    const four =
      ((bytes[byte] ?? 0) << 24) |
      ((bytes[byte + 1] ?? 0) << 16) |
      ((bytes[byte + 2] ?? 0) << 8) |
      (bytes[byte + 3] ?? 0);
    return (four << (at & 7)) >>> 8;
  };
  return {
    at: () => at,
    damaged,
    read: (count) => {
      const value = count === 0 ? 0 : peek() >>> (24 - count);
      at += count;
      if (at > most) throw damaged();
      return value;
    },
    symbol: ({ fast, limits, bases, symbols, least }) => {
      const shown = peek();
      const quick = fast[shown >>> (24 - fastBits)] ?? 0;
      if (quick !== 0) {
        at += quick & 31;
        return quick >> 5;
      }
      for (let length = least; length <= longestCode; length += 1) {
        const code = shown >>> (24 - length);
        if (code >= (limits[length] ?? 0)) continue;
        at += length;
        return symbols[code - (bases[length] ?? 0)] ?? 0;
      }
      throw damaged();
    },
  };
}

/** A canonical Huffman table. */
type Table = {
  /** Symbol and length (`symbol << 5 | length`) by the next bits, where the code is that short; else 0. */
  readonly fast: Uint16Array;
  /** The first code that is too large, by length. */
  readonly limits: Int32Array;
  /** What to take from a code to get its place in `symbols`, by length. */
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
  readonly least: number;
};

const fastBits = 10;

function makeTable(lengths: readonly number[], damaged: () => Error): Table {
  const symbols = new Uint16Array(lengths.length);
  const limits = new Int32Array(longestCode + 1);
  const bases = new Int32Array(longestCode + 1);
  const fast = new Uint16Array(1 << fastBits);
  let code = 0;
  let place = 0;
  for (let length = 1; length <= longestCode; length += 1) {
    bases[length] = code - place;
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      if (lengths[symbol] !== length) continue;
      if (length <= fastBits) {
        const start = code << (fastBits - length);
        fast.fill((symbol << 5) | length, start, start + (1 << (fastBits - length)));
      }
      symbols[place] = symbol;
      place += 1;
      code += 1;
    }
    if (code > 1 << length) throw damaged();
    limits[length] = code;
    code <<= 1;
  }
  return { fast, limits, bases, symbols, least: Math.min(...lengths) };
}

function decodeBlock(bits: Bits, block: Uint32Array): { readonly crc: number; readonly chunks: Buffer[] } {
  const { read, damaged } = bits;
  if (read(1) === 1) throw damaged();
  const origin = read(24);
  const used: number[] = [];
  const ranges = read(16);
  for (let high = 0; high < 16; high += 1) {
    const range = ((ranges >> (15 - high)) & 1) === 1 ? read(16) : 0;
    for (let low = 0; low < 16; low += 1) if (((range >> (15 - low)) & 1) === 1) used.push(high * 16 + low);
  }
  const tableCount = read(3);
  const selectorCount = read(15);
  if (used.length === 0 || tableCount < 2 || tableCount > 6 || selectorCount === 0) throw damaged();
  const order = [0, 1, 2, 3, 4, 5].slice(0, tableCount);
  const selectors = new Uint8Array(selectorCount);
  for (let at = 0; at < selectorCount; at += 1) {
    let place = 0;
    while (read(1) === 1) {
      place += 1;
      if (place >= tableCount) throw damaged();
    }
    const [chosen = 0] = order.splice(place, 1);
    order.unshift(chosen);
    selectors[at] = chosen;
  }
  const tables = Array.from({ length: tableCount }, () => {
    let length = read(5);
    return makeTable(
      Array.from({ length: used.length + 2 }, () => {
        for (;;) {
          if (length < 1 || length > longestCode) throw damaged();
          if (read(1) === 0) return length;
          length += read(1) === 0 ? 1 : -1;
        }
      }),
      damaged,
    );
  });
  const counts = new Uint32Array(257);
  const size = readSymbols(bits, { tables, selectors, used, block, counts });
  if (origin >= size) throw damaged();
  return unsort(block, size, origin, counts);
}

type Coded = {
  readonly tables: readonly Table[];
  readonly selectors: Uint8Array;
  readonly used: readonly number[];
  /** Takes the bytes, one in each number. */
  readonly block: Uint32Array;
  /** Takes how often each byte is there, one place further on. */
  readonly counts: Uint32Array;
};

/** Read the codes of a block and undo the move to front; gives how many bytes there are. */
function readSymbols(bits: Bits, { tables, selectors, used, block, counts }: Coded): number {
  const front = Uint8Array.from(used);
  const endOfBlock = used.length + 1;
  let size = 0;
  let run = 0;
  let runPlace = 1;
  for (let group = 0; ; group += 1) {
    const table = tables[selectors[group] ?? 255];
    if (table === undefined) throw bits.damaged();
    for (let left = groupSize; left > 0; left -= 1) {
      const symbol = bits.symbol(table);
      if (symbol < 2) {
        run += runPlace << symbol;
        runPlace <<= 1;
        if (run > block.length) throw bits.damaged();
        continue;
      }
      if (run > 0) {
        if (size + run > block.length) throw bits.damaged();
        const byte = front[0] ?? 0;
        block.fill(byte, size, size + run);
        counts[byte + 1] = (counts[byte + 1] ?? 0) + run;
        size += run;
        run = 0;
        runPlace = 1;
      }
      if (symbol === endOfBlock) return size;
      if (size >= block.length) throw bits.damaged();
      const place = symbol - 1;
      const byte = front[place] ?? 0;
      front.copyWithin(1, 0, place);
      front[0] = byte;
      block[size] = byte;
      counts[byte + 1] = (counts[byte + 1] ?? 0) + 1;
      size += 1;
    }
  }
}

/** Undo the sorting and the run lengths, with the checksum on the way. */
function unsort(
  block: Uint32Array,
  size: number,
  origin: number,
  counts: Uint32Array,
): { readonly crc: number; readonly chunks: Buffer[] } {
  for (let byte = 1; byte < 257; byte += 1) counts[byte] = (counts[byte] ?? 0) + (counts[byte - 1] ?? 0);
  for (let at = 0; at < size; at += 1) {
    const byte = (block[at] ?? 0) & 255;
    const place = counts[byte] ?? 0;
    counts[byte] = place + 1;
    block[place] = (block[place] ?? 0) | (at << 8);
  }
  const chunks: Buffer[] = [];
  let chunk = Buffer.allocUnsafe(2 ** 18);
  let filled = 0;
  let crc = -1;
  let next = (block[origin] ?? 0) >>> 8;
  let last = -1;
  let same = 0;
  for (let left = size; left > 0; left -= 1) {
    const entry = block[next] ?? 0;
    const byte = entry & 255;
    next = entry >>> 8;
    let count = 1;
    if (same === 4) {
      count = byte;
      same = 0;
    } else if (byte === last) same += 1;
    else {
      last = byte;
      same = 1;
    }
    for (; count > 0; count -= 1) {
      if (filled === chunk.length) {
        chunks.push(chunk);
        chunk = Buffer.allocUnsafe(2 ** 18);
        filled = 0;
      }
      chunk[filled] = last;
      filled += 1;
      crc = (crc << 8) ^ (bzip2Crc[((crc >>> 24) ^ last) & 255] ?? 0);
    }
    // After a count the run starts anew, with whatever byte comes.
    if (same === 0) last = -1;
  }
  chunks.push(chunk.subarray(0, filled));
  return { crc: ~crc >>> 0, chunks };
}
