/**
 * The zip format (PKWARE's APPNOTE 6.3), with Zip64 and Info-ZIP's Unix fields.
 *
 *     archive = ( local header, data, descriptor? )* directory end64? locator64? end
 *     local   = "PK" 3 4, version (2) flags (2) method (2) time (4) CRC-32 (4) sizes (4 4) lengths (2 2), name, extra
 *     entry   = "PK" 1 2, versions (2 2) flags (2) method (2) time (4) CRC-32 (4) sizes (4 4) lengths (2 2 2)
 *               disk (2) attributes (2 4) offset (4), name, extra, comment
 *     end     = "PK" 5 6, disks (2 2) entries (2 2) size (4) offset (4) comment length (2), comment
 *
 * The directory is what counts. A local header must have the same name and method, data must not overlap or reach
 * into the directory, nothing may stand after the end, and content must have the size and CRC-32 of its entry: so
 * every reader sees the same. Methods are stored and deflated. Names are bytes as they are. Modes are those of Unix where
 * the archive has them. Times are those of the extended time stamp, else DOS's, taken as UTC.
 */
import type { FileHandle } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { decodeText, quote } from "../../base/index.ts";
import type { Entry } from "./entry.ts";
import { beyondLimit, malformed, refused } from "./malformed.ts";

/** Larger than the directory of any archive that the limit of entries lets through. */
const largestDirectory = 2 ** 30;

/** Say whether a file opens as zip archives do: with a local header, or the end of an empty one. */
export async function isZip(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const start = buffer.toString("latin1", 0, bytesRead);
  return start === "PK\x03\x04" || start === "PK\x05\x06";
}

type Member = {
  readonly name: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  readonly mode: number | undefined;
  readonly time: number;
};

/** How many local headers are read at the same time. */
const headersAtOnce = 1000;

export type ZipOptions = {
  /** Told how many bytes of the archive were read; stops by throwing. */
  readonly progress: (done: number, total: number) => void;
  readonly mostEntries: number;
};

/** List the entries of a zip archive, in the order of its directory. Throws `archive-limit` where that has too many. */
export async function* readZip(
  file: FileHandle,
  fileSize: number,
  { progress, mostEntries }: ZipOptions,
): AsyncGenerator<Entry> {
  const directory = await findDirectory(file, fileSize);
  const bytes = await readAt(file, directory.offset, directory.size);
  const members = readDirectory(bytes, directory, mostEntries);
  const starts: number[] = [];
  for (let at = 0; at < members.length; at += headersAtOnce) {
    progress(0, fileSize);
    const part = members.slice(at, at + headersAtOnce);
    starts.push(...(await Promise.all(part.map((member) => dataStart(file, member)))));
  }
  checkOverlaps(members, starts, directory.offset);
  let done = 0;
  for (const [index, member] of members.entries()) {
    const name = decodeText(member.name);
    if ((member.flags & 0x41) !== 0)
      throw refused(`the archive has the encrypted file ${quote(name)}, which cleave does not read`);
    const body = inflate(file, member, starts[index] ?? 0);
    const type = (member.mode ?? 0) & 0o170000;
    const common = { name, mode: (member.mode ?? 0) & 0o7777, time: member.time };
    if (name.endsWith("/") || type === 0o040000)
      yield { ...common, mode: member.mode === undefined ? 0o755 : common.mode, type: "folder" };
    else if (type === 0o120000) {
      const parts: Uint8Array[] = [];
      if (member.size > 65536)
        throw malformed(`the link ${quote(name)} of the zip archive is too long`, member.offset);
      for await (const part of body) parts.push(part);
      yield { ...common, type: "symlink", target: decodeText(Buffer.concat(parts)) };
    } else if (type === 0o100000 || type === 0)
      yield { ...common, mode: member.mode === undefined ? 0o644 : common.mode, type: "file", body };
    else throw refused(`the archive has ${quote(name)}, which is no file, folder or link`);
    done += member.packed;
    progress(done, fileSize);
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(buffer, at, length - at, offset + at);
    if (bytesRead === 0) throw malformed("the zip archive is cut off", offset + at);
    at += bytesRead;
  }
  return buffer;
}

type Directory = { readonly offset: number; readonly size: number; readonly count: number };

async function findDirectory(file: FileHandle, fileSize: number): Promise<Directory> {
  const tailStart = Math.max(0, fileSize - 22 - 65535);
  const tail = await readAt(file, tailStart, fileSize - tailStart);
  let at = tail.length - 22;
  // The end has a comment whose length leads exactly to the end of the file.
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === 0x06054b50 && at + 22 + tail.readUInt16LE(at + 20) === tail.length)
  )
    at -= 1;
  if (at < 0)
    throw malformed("the zip archive is cut off, or something follows it: it has no end record", fileSize);
  let count = tail.readUInt16LE(at + 10);
  let size = tail.readUInt32LE(at + 12);
  let offset = tail.readUInt32LE(at + 16);
  let disks = tail.readUInt16LE(at + 4) + tail.readUInt16LE(at + 6);
  let end = tailStart + at;
  if (count === 0xffff || size === 0xffffffff || offset === 0xffffffff) {
    const locator = end >= 20 ? await readAt(file, end - 20, 20) : Buffer.alloc(20);
    if (locator.readUInt32LE() === 0x07064b50) {
      end = Number(locator.readBigUInt64LE(8));
      const record = end + 56 <= fileSize ? await readAt(file, end, 56) : Buffer.alloc(56);
      if (record.readUInt32LE() !== 0x06064b50)
        throw malformed("the Zip64 record of the zip archive is damaged", end);
      disks = record.readUInt32LE(16) + record.readUInt32LE(20);
      count = Number(record.readBigUInt64LE(32));
      size = Number(record.readBigUInt64LE(40));
      offset = Number(record.readBigUInt64LE(48));
    }
  }
  if (disks > 0) throw refused("the archive has several volumes, which cleave does not read");
  if (offset + size !== end || size > largestDirectory)
    throw malformed("the directory of the zip archive is not where it should be", offset);
  return { offset, size, count };
}

function readDirectory(bytes: Buffer, { offset, count }: Directory, mostEntries: number): Member[] {
  const members: Member[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const damaged = () => malformed("the directory of the zip archive is damaged", offset + start);
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) throw damaged();
    if (members.length === mostEntries) throw beyondLimit(`more than ${mostEntries} entries`);
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const end = extraEnd + bytes.readUInt16LE(at + 32);
    if (end > bytes.length) throw damaged();
    const extra = readExtra(bytes.subarray(nameEnd, extraEnd));
    // Zip64 has those of the fields that did not fit, in this order.
    const large = extra.get(1);
    let largeAt = 0;
    const field = (place: number) => {
      const value = bytes.readUInt32LE(at + place);
      if (value !== 0xffffffff || large === undefined) return value;
      if (largeAt + 8 > large.length) throw damaged();
      largeAt += 8;
      return Number(large.readBigUInt64LE(largeAt - 8));
    };
    const size = field(24);
    const packed = field(20);
    const local = field(42);
    const stamp = extra.get(0x5455);
    const unix = bytes[at + 5] === 3 || bytes[at + 5] === 19;
    members.push({
      name: bytes.subarray(at + 46, nameEnd),
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      crc: bytes.readUInt32LE(at + 16),
      packed,
      size,
      offset: local,
      mode: unix ? bytes.readUInt32LE(at + 38) >>> 16 : undefined,
      time:
        stamp !== undefined && stamp.length >= 5 && ((stamp[0] ?? 0) & 1) === 1
          ? stamp.readInt32LE(1)
          : readDosTime(bytes.readUInt16LE(at + 14), bytes.readUInt16LE(at + 12)),
    });
    at = end;
  }
  // Without Zip64 only the low bits of the number are there.
  if ((members.length & 0xffff) !== (count & 0xffff))
    throw malformed(`the zip archive has ${members.length} entries, where ${count} should be`, offset);
  return members;
}

function readExtra(extra: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) break;
    fields.set(extra.readUInt16LE(at), extra.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function readDosTime(date: number, time: number): number {
  const milliseconds = Date.UTC(
    1980 + (date >> 9),
    ((date >> 5) & 15) - 1,
    date & 31,
    time >> 11,
    (time >> 5) & 63,
    (time & 31) * 2,
  );
  return milliseconds / 1000;
}

/** Read the local header of a member; gives where its data starts. */
async function dataStart(file: FileHandle, { offset, name, method }: Member): Promise<number> {
  const nameEnd = 30 + name.length;
  const header = await readAt(file, offset, nameEnd);
  const same =
    header.readUInt32LE() === 0x04034b50 &&
    header.readUInt16LE(8) === method &&
    header.readUInt16LE(26) === name.length &&
    header.subarray(30).equals(name);
  if (!same)
    throw malformed(
      `the header of ${quote(decodeText(name))} is not that of the zip archive's directory`,
      offset,
    );
  return offset + nameEnd + header.readUInt16LE(28);
}

/** Refuse members that share bytes, by which a small archive could unpack to anything. */
function checkOverlaps(members: readonly Member[], starts: readonly number[], directory: number): void {
  const areas = members
    .map(({ offset, packed, name }, index) => ({ offset, end: (starts[index] ?? 0) + packed, name }))
    .toSorted((a, b) => a.offset - b.offset);
  for (const [index, { end, name }] of areas.entries())
    if (end > (areas[index + 1]?.offset ?? directory))
      throw refused(`the data of ${quote(decodeText(name))} overlaps with what follows it`);
}

/** Read the content of a member and check it. */
async function* inflate(file: FileHandle, member: Member, start: number): AsyncGenerator<Uint8Array> {
  const name = quote(decodeText(member.name));
  if (member.method !== 0 && member.method !== 8)
    throw refused(
      `the archive has ${name} compressed by method ${member.method}, which cleave does not read`,
    );
  const damaged = (what: string) => malformed(`${name} of the zip archive ${what}`, member.offset);
  let size = 0;
  let crc = 0;
  for await (const chunk of member.method === 0
    ? packedOf(file, member, start)
    : unpackedOf(file, member, start, damaged)) {
    size += chunk.length;
    if (size > member.size) throw damaged("is larger than it says");
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (size !== member.size) throw damaged("is smaller than it says");
  if (crc !== member.crc) throw damaged("has a wrong checksum");
}

async function* packedOf(file: FileHandle, { packed }: Member, start: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < packed; ) {
    const chunk = await readAt(file, start + at, Math.min(packed - at, 2 ** 18));
    at += chunk.length;
    yield chunk;
  }
}

async function* unpackedOf(
  file: FileHandle,
  member: Member,
  start: number,
  damaged: (what: string) => Error,
): AsyncGenerator<Uint8Array> {
  const decoder = createInflateRaw();
  // Errors come out of the decoder, which is read to its end.
  pipeline(Readable.from(packedOf(file, member, start)), decoder, () => {});
  try {
    yield* decoder;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || !`${error.code}`.startsWith("Z_")) throw error;
    throw damaged(`is damaged: ${error.message}`);
  } finally {
    decoder.destroy();
  }
  if (decoder.bytesWritten !== member.packed) throw damaged("has something after its data");
}
