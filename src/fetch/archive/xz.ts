/**
 * The .xz format (version 1.2.1 of its specification).
 *
 *     file   = stream ( padding? stream )* padding?            padding: zeros, a multiple of 4
 *     stream = header block* index footer
 *     header = FD "7zXZ" 00, flags (2: 00, check), CRC-32 of the flags
 *     block  = size (1), flags (1), compressed size?, size?, filter+, zeros, CRC-32, LZMA2 data, zeros, check
 *     index  = 00, number of blocks, ( unpadded size, size )*, zeros, CRC-32
 *     footer = CRC-32, size of the index (4), flags (2), "YZ"
 *
 * Numbers of varying length have 7 bits a byte, the lowest first. The one filter is LZMA2; those for machine code
 * and delta are refused. Checks are none, CRC-32, CRC-64 and SHA-256, and all are checked here, as are the sizes
 * of the index. The dictionary is limited to {@link largestDictionary}.
 */
import { crc32 } from "node:zlib";
import { makeHasher } from "../../nix/index.ts";
import { type Checksum, makeCrc64 } from "./crc.ts";
import { LzmaError, makeLzmaDecoder } from "./lzma.ts";
import { malformed } from "./malformed.ts";
import type { Reader } from "./reader.ts";

/** In bytes: what `xz` itself writes at most is 64 MiB, unless told otherwise. */
const largestDictionary = 2 ** 29;

const magic = Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0);

/** Decompress .xz data. Throws `archive-malformed` with the offset in the compressed data. */
export async function* decodeXz(reader: Reader): AsyncGenerator<Buffer> {
  for (let first = true; ; first = false) {
    if (!first && !(await skipPadding(reader))) return;
    yield* decodeStream(reader);
  }
}

/** Skip zeros between streams; says whether another stream follows. */
async function skipPadding(reader: Reader): Promise<boolean> {
  for (;;) {
    const next = await reader.look(4);
    if (next.length === 0) return false;
    if (next[0] !== 0) {
      if (next.subarray(0, 3).equals(magic.subarray(0, 3))) return true;
      throw malformed("something follows the xz data", reader.offset());
    }
    const zeros = await reader.take(4, "the padding of the xz data");
    if (!zeros.equals(Buffer.alloc(4))) throw malformed("something follows the xz data", reader.offset() - 4);
  }
}

async function* decodeStream(reader: Reader): AsyncGenerator<Buffer> {
  const header = await reader.take(12, "the header of the xz data");
  const flags = header.subarray(6, 8);
  if (!header.subarray(0, 6).equals(magic) || crc32(flags) !== header.readUInt32LE(8))
    throw malformed("the header of the xz data is damaged", reader.offset() - 12);
  const makeCheck = flags[0] === 0 ? checks[flags[1] ?? 0] : undefined;
  if (makeCheck === undefined)
    throw malformed("the xz data has a check that there is not", reader.offset() - 6);
  const sizes: (readonly [unpadded: number, size: number])[] = [];
  while ((await reader.look(1))[0] !== 0) {
    const start = reader.offset();
    const block = await readBlockHeader(reader);
    const dataStart = reader.offset();
    const check = makeCheck();
    let size = 0;
    for await (const chunk of decodeLzma2(reader, block.dictionary)) {
      size += chunk.length;
      check?.update(chunk);
      yield chunk;
    }
    const packed = reader.offset() - dataStart;
    if ((block.packed ?? packed) !== packed || (block.size ?? size) !== size)
      throw malformed("a block of the xz data has another size than it says", start);
    const unpadded = reader.offset() - start;
    await takeZeros(reader, -packed & 3);
    const digest = check?.digest() ?? Buffer.alloc(0);
    if (!(await reader.take(digest.length, "a check of the xz data")).equals(digest))
      throw malformed("a block of the xz data has a wrong checksum", start);
    sizes.push([unpadded + digest.length, size]);
  }
  const indexSize = await readIndex(reader, sizes);
  const footer = await reader.take(12, "the footer of the xz data");
  if (
    crc32(footer.subarray(4, 10)) !== footer.readUInt32LE(0) ||
    (footer.readUInt32LE(4) + 1) * 4 !== indexSize ||
    !footer.subarray(8, 10).equals(flags) ||
    footer.toString("latin1", 10) !== "YZ"
  )
    throw malformed("the footer of the xz data is damaged", reader.offset() - 12);
}

type Block = {
  readonly dictionary: number;
  readonly packed?: number | undefined;
  readonly size?: number | undefined;
};

async function readBlockHeader(reader: Reader): Promise<Block> {
  const start = reader.offset();
  const length = (((await reader.look(1))[0] ?? 0) + 1) * 4;
  const header = await reader.take(length, "the header of a block of the xz data");
  const body = header.subarray(0, -4);
  if (crc32(body) !== header.readUInt32LE(length - 4))
    throw malformed("the header of a block of the xz data is damaged", start);
  const flags = body[1] ?? 0;
  const numbers = makeNumbers(body, 2, start);
  const packed = (flags & 0x40) === 0 ? undefined : numbers.next();
  const size = (flags & 0x80) === 0 ? undefined : numbers.next();
  const filter = numbers.next();
  if ((flags & 3) !== 0 || filter !== 0x21 || numbers.next() !== 1)
    throw malformed("the xz data uses a filter other than LZMA2, which cleave does not read", start);
  const bits = numbers.next();
  const dictionary = bits === 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (bits > 40 || (flags & 0x3c) !== 0 || numbers.rest().some((byte) => byte !== 0))
    throw malformed("the header of a block of the xz data is damaged", start);
  if (dictionary > largestDictionary)
    throw malformed(
      `the xz data wants a dictionary of ${dictionary} bytes, where ${largestDictionary} are allowed`,
      start,
    );
  return { dictionary, packed, size };
}

async function* decodeLzma2(reader: Reader, dictionary: number): AsyncGenerator<Buffer> {
  const decoder = makeLzmaDecoder(dictionary);
  const part = "the xz data";
  let needsReset = true;
  let needsProperties = true;
  for (;;) {
    const start = reader.offset();
    const control = (await reader.take(1, part))[0] ?? 0;
    if (control === 0) return;
    const resets = control === 1 || control >= 0xe0;
    if (resets) decoder.resetHistory();
    if ((needsReset && !resets) || (control > 2 && control < 0x80))
      throw malformed("the xz data is damaged", start);
    needsReset = false;
    const low = (await reader.take(2, part)).readUInt16BE();
    if (control < 0x80) {
      if (resets) needsProperties = true;
      yield decoder.copy(await reader.take(low + 1, part));
      continue;
    }
    const size = (control & 0x1f) * 0x10000 + low + 1;
    const packed = (await reader.take(2, part)).readUInt16BE() + 1;
    try {
      if (control >= 0xc0) decoder.setProperties((await reader.take(1, part))[0] ?? 0);
      else if (needsProperties) throw new LzmaError("no properties");
      needsProperties = false;
      if (control >= 0xa0) decoder.resetState();
      yield decoder.decode(await reader.take(packed, part), size);
    } catch (error) {
      if (error instanceof LzmaError)
        throw malformed(`the xz data is damaged: it has ${error.message}`, start);
      throw error;
    }
  }
}

/** Read the index and compare it with the blocks; gives its size. */
async function readIndex(reader: Reader, sizes: readonly (readonly [number, number])[]): Promise<number> {
  const start = reader.offset();
  // A byte, numbers of 9 bytes at most, zeros and a CRC-32.
  const shown = await reader.look(1 + 9 + sizes.length * 18 + 3 + 4);
  const numbers = makeNumbers(shown, 1, start);
  let same = numbers.next() === sizes.length;
  for (const [unpadded, size] of sizes) same = same && numbers.next() === unpadded && numbers.next() === size;
  const end = shown.length - numbers.rest().length;
  if (!same) throw malformed("the index of the xz data is not that of its blocks", start);
  const padded = end + (-end & 3);
  const index = await reader.take(padded + 4, "the index of the xz data");
  if (
    index.subarray(end, padded).some((byte) => byte !== 0) ||
    crc32(index.subarray(0, padded)) !== index.readUInt32LE(padded)
  )
    throw malformed("the index of the xz data is damaged", start);
  return padded + 4;
}

/** Reads numbers of varying length, at most 2^53 here. */
function makeNumbers(
  bytes: Buffer,
  start: number,
  offset: number,
): { next: () => number; rest: () => Buffer } {
  let at = start;
  return {
    rest: () => bytes.subarray(at),
    next: () => {
      let value = 0;
      for (let place = 0; place < 9; place += 1) {
        const byte = bytes[at];
        at += 1;
        if (byte === undefined) break;
        value += (byte & 0x7f) * 2 ** (7 * place);
        if (byte < 0x80) {
          if ((byte === 0 && place > 0) || value > Number.MAX_SAFE_INTEGER) break;
          return value;
        }
      }
      throw malformed("the xz data has a number that is none", offset + at);
    },
  };
}

async function takeZeros(reader: Reader, count: number): Promise<void> {
  if ((await reader.take(count, "the xz data")).some((byte) => byte !== 0))
    throw malformed("the padding of a block of the xz data is damaged", reader.offset());
}

const checks: Readonly<Record<number, () => Checksum | undefined>> = {
  0: () => undefined,
  1: () => {
    let value = 0;
    return {
      update: (bytes) => {
        value = crc32(bytes, value);
      },
      digest: () => {
        const digest = Buffer.alloc(4);
        digest.writeUInt32LE(value);
        return digest;
      },
    };
  },
  4: makeCrc64,
  10: () => {
    const hasher = makeHasher("sha256");
    return { update: hasher.update, digest: () => Buffer.from(hasher.finish().digest) };
  },
};
