/**
 * The tar format: old, POSIX ustar and pax, and GNU tar's.
 *
 *     archive = ( header data )* zeros               in blocks of 512 bytes, data padded with zeros
 *     header  = name (100) mode (8) uid (8) gid (8) size (12) time (12) checksum (8) type (1) link (100)
 *               "ustar" 00 "00" or "ustar  " 00, user (32) group (32) major (8) minor (8) prefix (155)
 *     number  = octal digits, or with its first bit set a number in base 256
 *     type    = "0" NUL "7" file, "1" hard link, "2" symbolic link, "5" folder, "x" "g" pax records for the next
 *               header or all, "L" "K" GNU's long name and link for the next header, "V" GNU's label
 *     record  = length " " key "=" value LF          of pax: path, linkpath, size and mtime count here
 *
 * Data come after files (types "0", "7", NUL), pax records, GNU's long names and GNU's lists of a folder ("D") alone;
 * the size of anything else is no more than a remark.
 * A name is whatever bytes there are before the first NUL. Devices and fifos are refused here, and what no two
 * programs read alike: sparse files, archives of several volumes, types that are not known. The archive must have its
 * final zeros, one block of them at least; what follows them is not looked at, as with GNU tar.
 */
import { decodeText, quote } from "../../base/index.ts";
import type { Entry } from "./entry.ts";
import { malformed, refused } from "./malformed.ts";
import type { Reader } from "./reader.ts";

const blockSize = 512;
/** The largest pax header or long name, in bytes. */
const largestExtension = 2 ** 20;

/** The last second that JavaScript can date. */
const latestTime = 8_640_000_000_000;

/** What pax records and GNU's long names say of the next entry, by the keys that count. */
type Extension = Map<string, Buffer>;

const counting = new Set(["path", "linkpath", "size", "mtime"]);
/** Stands for all keys by which GNU tar says that a file is sparse. */
const sparse = "GNU.sparse.";

/** List the entries of a tar archive. A body is to be read before the next entry; what is left of it is skipped. */
export async function* readTar(reader: Reader): AsyncGenerator<Entry> {
  const global: Extension = new Map();
  let local: Extension = new Map();
  for (let first = true; ; first = false) {
    const start = reader.offset();
    const header = await reader.look(blockSize);
    if (header.length === 0 && !first)
      throw malformed("the tar archive is cut off: it lacks the zeros that end it", start);
    if (header.length < blockSize || !checksumFits(header))
      if (isZero(header.subarray(0, blockSize)) && header.length >= blockSize) break;
      else
        throw malformed(
          first ? "this is no archive that cleave reads" : "a header of the tar archive is damaged",
          start,
        );
    reader.skip(blockSize);
    const field = (at: number, length: number) => untilNul(header.subarray(at, at + length));
    const type = String.fromCharCode(header[156] ?? 0);
    const extension = new Map([...global, ...local]);
    const bySize = extension.get("size");
    const written = readNumber(header.subarray(124, 136), "size", start);
    const size = bySize === undefined || "xgLK".includes(type) ? written : Number(bySize);
    if (!Number.isSafeInteger(size) || size < 0) throw malformed("a size in the tar archive is none", start);
    if ("xgLK".includes(type)) {
      if (size > largestExtension)
        throw malformed(`a header of the tar archive is larger than ${largestExtension} bytes`, start);
      const data = await reader.take(size, "a header of the tar archive");
      await reader.take(-size & (blockSize - 1), "a header of the tar archive");
      if (type === "x") readRecords(data, local, start);
      else if (type === "g") readRecords(data, global, start);
      else local.set(type === "L" ? "path" : "linkpath", untilNul(data));
      continue;
    }
    local = new Map();
    const prefix = header.toString("latin1", 257, 263) === "ustar\0" ? field(345, 155) : Buffer.alloc(0);
    const short = field(0, 100);
    const name =
      extension.get("path") ??
      (prefix.length === 0 ? short : Buffer.concat([prefix, Buffer.from("/"), short]));
    const text = decodeText(name);
    if (extension.has(sparse))
      throw refused(`the archive has the sparse file ${quote(text)}, which cleave does not read`);
    const time = extension.get("mtime");
    const common = {
      name: text,
      mode: readNumber(header.subarray(100, 108), "mode", start) & 0o7777,
      time: time === undefined ? readNumber(header.subarray(136, 148), "time", start) : Number(time),
    };
    if (!(Math.abs(common.time) <= latestTime)) throw malformed("a time in the tar archive is none", start);
    const target = decodeText(extension.get("linkpath") ?? field(157, 100));
    switch (type) {
      case "\0":
      case "0":
      case "7": {
        if (text.endsWith("/")) {
          yield { ...common, type: "folder" };
          break;
        }
        const body = bodyOf(reader, size);
        yield { ...common, type: "file", body };
        await drain(body);
        break;
      }
      case "1":
        yield { ...common, type: "hardlink", target };
        break;
      case "2":
        yield { ...common, type: "symlink", target };
        break;
      case "5":
        yield { ...common, type: "folder" };
        break;
      case "D":
        yield { ...common, type: "folder" };
        await drain(bodyOf(reader, size));
        break;
      case "V":
        break;
      case "3":
      case "4":
      case "6":
        throw refused(`the archive has the ${{ 3: "device", 4: "device", 6: "fifo" }[type]} ${quote(text)}`);
      default:
        throw refused(
          `the archive has ${quote(text)} of the type ${quote(type)}, which cleave does not read`,
        );
    }
  }
  // What compressed the archive is to be checked to its end.
  while ((await reader.some(2 ** 18)).length > 0);
}

/** Read a body and the zeros after it. Reading it a second time goes on where the first stopped. */
function bodyOf(reader: Reader, size: number): AsyncIterable<Uint8Array> {
  let left = size;
  let padding = -size & (blockSize - 1);
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        if (left > 0) {
          const value = await reader.some(Math.min(left, 2 ** 18));
          if (value.length === 0)
            throw malformed("the archive ends in the middle of a file", reader.offset());
          left -= value.length;
          return { done: false, value };
        }
        await reader.take(padding, "a file");
        padding = 0;
        return { done: true, value: undefined };
      },
    }),
  };
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

/** Compare the checksum with the sum of the bytes, its own field as blanks; old tars summed signed bytes. */
function checksumFits(header: Buffer): boolean {
  const digits = /^[\0 ]*([0-7]+)[\0 ]/.exec(header.toString("latin1", 148, 156))?.[1];
  if (digits === undefined) return false;
  let sum = 0;
  let signed = 0;
  for (let at = 0; at < blockSize; at += 1) {
    const byte = at >= 148 && at < 156 ? 32 : (header[at] ?? 0);
    sum += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const expected = Number.parseInt(digits, 8);
  return expected === sum || expected === signed;
}

function readNumber(field: Buffer, what: string, start: number): number {
  const first = field[0] ?? 0;
  if (first >= 0x80) {
    // Two's complement in all bits but the first.
    let value = (first & 0x40) === 0 ? first & 0x3f : (first & 0x7f) - 0x80;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    if (Number.isSafeInteger(value)) return value;
  } else {
    const digits = /^[\0 ]*([0-7]*)[\0 ]*$/.exec(field.toString("latin1"))?.[1];
    if (digits !== undefined) return Number.parseInt(`0${digits}`, 8);
  }
  throw malformed(`a ${what} in the tar archive is no number`, start);
}

function readRecords(data: Buffer, into: Extension, start: number): void {
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const length = Number(data.toString("latin1", at, Math.max(space, at)));
    const equals = data.indexOf(61, space);
    const end = at + length;
    if (
      space < 0 ||
      !Number.isInteger(length) ||
      equals < 0 ||
      equals >= end ||
      end > data.length ||
      data[end - 1] !== 10
    )
      throw malformed("a pax header of the tar archive is damaged", start);
    const key = data.toString("latin1", space + 1, equals);
    const value = data.subarray(equals + 1, end - 1);
    at = end;
    if (key.startsWith(sparse)) into.set(sparse, value);
    if (!counting.has(key)) continue;
    // An empty value takes away what was said before.
    if (value.length === 0) into.delete(key);
    else into.set(key, value);
  }
}

function untilNul(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}
