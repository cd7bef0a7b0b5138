/**
 * The stream in which closures travel between stores (`nix-store --export` and `--import`):
 *
 *     export     = (number:1 NAR magic path references deriver number:0)* number:0
 *     magic      = number:0x4558494e                        "NIXE"
 *     references = number string*                           that many, in the order of their bytes
 *     path       = string                                   a store path; it follows its NAR
 *     deriver    = string                                   a store path, or empty
 *     number     = 8 bytes, little endian
 *     string     = number bytes zeros                       zeros up to a multiple of 8
 *
 * Paths come after all that they refer to. Old streams have `number:1 string`, a signature, in place of the last
 * `number:0`; it is passed over, as Nix does. The reader enforces all of this and that strings are store paths.
 */
import { CleaveError } from "../base/index.ts";
import { isForeignStorePath, type NarParser, narParser, type StorePath } from "../nix/index.ts";
import type { Bytes } from "./store.ts";

const exportMagic = 0x4558494e;

/** The longest string of a stream: the longest store path, a signature of old Nix. */
const longestString = 4096;
const mostReferences = 1_000_000;

/** What follows the NAR of a path. */
export type Trailer = {
  readonly path: StorePath;
  readonly references: readonly StorePath[];
  readonly deriver: StorePath | undefined;
};

/** Write a number. */
export function writeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value % 2 ** 32);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), 4);
  return bytes;
}

/** Write what follows a NAR. */
export function writeTrailer({ path, references, deriver }: Trailer): Buffer {
  return Buffer.concat([
    writeNumber(exportMagic),
    writeString(path),
    writeNumber(references.length),
    ...references.map(writeString),
    writeString(deriver ?? ""),
    writeNumber(0),
  ]);
}

function writeString(text: string): Buffer {
  const length = Buffer.byteLength(text, "latin1");
  const bytes = Buffer.alloc(8 + Math.ceil(length / 8) * 8);
  writeNumber(length).copy(bytes);
  bytes.write(text, 8, "latin1");
  return bytes;
}

export type ExportReader = {
  /** Read what begins a path or ends the stream; says whether a NAR follows. */
  readonly more: () => Promise<boolean>;
  /** Read a NAR into a parser; `each` gets its bytes. */
  readonly nar: (emit: Parameters<typeof narParser>[0], each: (bytes: Buffer) => void) => Promise<number>;
  readonly trailer: () => Promise<Trailer>;
};

/** Read a stream of exported paths. Its methods throw `store-export-malformed` and what the parser throws. */
export function exportReader(source: Bytes): ExportReader {
  const chunks = iterate(source);
  let chunk = Buffer.alloc(0);
  let offset = 0;

  const malformed = (message: string): CleaveError =>
    new CleaveError({
      code: "store-export-malformed",
      message: `the stream of exported paths ${message}`,
      hint: "cleave store export and nix-store --export write such streams",
      location: { offset },
    });
  const load = async (): Promise<void> => {
    const { done, value } = await chunks.next();
    if (done === true) throw malformed("ends in the middle");
    chunk = Buffer.concat([chunk, value]);
  };
  const take = async (length: number): Promise<Buffer> => {
    while (chunk.length < length) await load();
    const taken = chunk.subarray(0, length);
    chunk = chunk.subarray(length);
    offset += length;
    return taken;
  };
  const number = async (most: number, what: string): Promise<number> => {
    const bytes = await take(8);
    const value = bytes.readUInt32LE(4) * 2 ** 32 + bytes.readUInt32LE();
    if (value > most) {
      offset -= 8;
      throw malformed(`has ${value} as ${what}, which is more than ${most}`);
    }
    return value;
  };
  const string = async (what: string): Promise<string> => {
    const length = await number(longestString, `the length of ${what}`);
    const bytes = await take(Math.ceil(length / 8) * 8);
    if (bytes.subarray(length).some((byte) => byte !== 0))
      throw malformed(`has something else than zeros after ${what}`);
    return bytes.toString("latin1", 0, length);
  };
  const storePath = async (what: string): Promise<StorePath> => {
    const text = await string(what);
    if (!isForeignStorePath(text))
      throw malformed(`has ${JSON.stringify(text)} as ${what}, which is no store path`);
    return text;
  };

  return {
    more: async () => {
      const value = await number(2 ** 53, "what begins a path");
      if (value > 1) throw malformed(`has ${value} where 1 begins a path and 0 ends the stream`);
      return value === 1;
    },
    nar: async (emit, each) => {
      const parser: NarParser = narParser(emit);
      const start = offset;
      while (!parser.done()) {
        if (chunk.length === 0) await load();
        let used: number;
        try {
          used = parser.push(chunk);
        } catch (error) {
          throw error instanceof CleaveError ? shifted(error, start) : error;
        }
        each(chunk.subarray(0, used));
        chunk = chunk.subarray(used);
        offset += used;
      }
      return offset - start;
    },
    trailer: async () => {
      const magic = await number(2 ** 53, "what follows a NAR");
      if (magic !== exportMagic) {
        offset -= 8;
        throw malformed(`has ${magic} where ${exportMagic} follows a NAR`);
      }
      const path = await storePath("a path");
      const count = await number(mostReferences, "a number of references");
      const references: StorePath[] = [];
      for (let each = 0; each < count; each += 1) references.push(await storePath("a reference"));
      const deriver = await string("a deriver");
      if (deriver !== "" && !isForeignStorePath(deriver))
        throw malformed(`has ${JSON.stringify(deriver)} as a deriver, which is no store path`);
      if ((await number(1, "what says whether a signature follows")) === 1) await string("a signature");
      return { path, references, deriver: deriver === "" ? undefined : deriver };
    },
  };
}

/** Count the offset of an error from the start of the stream, not from that of the NAR. */
function shifted(error: CleaveError, start: number): CleaveError {
  const { code, message, hint, location, cause } = error;
  const offset = start + (location?.offset ?? 0);
  return new CleaveError({ code, message, hint, cause, location: { ...location, offset } });
}

async function* iterate(source: Bytes): AsyncGenerator<Uint8Array, undefined> {
  yield* source;
}
