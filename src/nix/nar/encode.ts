import { Buffer } from "node:buffer";
import { CleaveError, compareText, encodeText, quote } from "../../base/index.ts";
import { faultOfName, faultOfTarget, paddingOf, strings } from "./format.ts";

/** A file, symlink or folder in memory. Names and targets are byte strings. */
export type NarTree =
  | { readonly type: "regular"; readonly executable: boolean; readonly contents: Uint8Array }
  | { readonly type: "symlink"; readonly target: string }
  | { readonly type: "directory"; readonly entries: ReadonlyMap<string, NarTree> };

const magic = strings("nix-archive-1");
const regular = strings("(", "type", "regular", "contents");
const executable = strings("(", "type", "regular", "executable", "", "contents");
const symlink = strings("(", "type", "symlink", "target");
const directory = strings("(", "type", "directory");
const entry = strings("entry", "(", "name");
const node = strings("node");
const close = strings(")");

/** More bytes than any call of an encoder but `contents` writes. */
export const mostAtOnce = 8192;

/**
 * Writes the parts of a NAR, one after the other, into a block at an index; each gives the index after it.
 * The caller sees to the room ({@link mostAtOnce}), the order of the calls, the names and their order.
 */
export const encoder = {
  magic: (block: Buffer, at: number): number => put(magic, block, at),
  /** Begin a file; `size` bytes of contents and their padding follow, then `close`. */
  regular: (block: Buffer, at: number, isExecutable: boolean, size: number): number => {
    const next = put(isExecutable ? executable : regular, block, at);
    block.writeUInt32LE(size % 2 ** 32, next);
    block.writeUInt32LE(Math.floor(size / 2 ** 32), next + 4);
    return next + 8;
  },
  /** Write the zeros after contents of `size` bytes. */
  padding: (block: Buffer, at: number, size: number): number => {
    const end = at + paddingOf(size);
    for (let each = at; each < end; each += 1) block[each] = 0;
    return end;
  },
  /** Write a symlink; `close` follows. */
  symlink: (block: Buffer, at: number, target: Uint8Array): number =>
    putString(target, block, put(symlink, block, at)),
  /** Begin a folder; its entries follow, then `close`. */
  directory: (block: Buffer, at: number): number => put(directory, block, at),
  /** Begin an entry, its name in bytes or raw (`descent.ts`); its node follows, then `close`. */
  entry: (block: Buffer, at: number, name: Uint8Array | string): number =>
    put(node, block, putString(name, block, put(entry, block, at))),
  close: (block: Buffer, at: number): number => put(close, block, at),
};

function put(bytes: Buffer, block: Buffer, at: number): number {
  block.set(bytes, at);
  return at + bytes.length;
}

function putString(bytes: Uint8Array | string, block: Buffer, at: number): number {
  block.writeUInt32LE(bytes.length, at);
  block.writeUInt32LE(0, at + 4);
  if (typeof bytes === "string") block.write(bytes, at + 8, "latin1");
  else block.set(bytes, at + 8);
  return encoder.padding(block, at + 8 + bytes.length, bytes.length);
}

/** Write a tree in memory as a NAR, in chunks. Throws `nar-malformed` for a name or target that cannot be. */
export function* encodeNar(tree: NarTree): Generator<Buffer> {
  let block = Buffer.alloc(64 * 1024);
  let at = encoder.magic(block, 0);
  /** The open folders: what is left of each, in order. */
  const open: Iterator<readonly [string, NarTree]>[] = [];
  let next: NarTree | undefined = tree;
  for (;;) {
    if (at + mostAtOnce > block.length) {
      yield block.subarray(0, at);
      block = Buffer.alloc(block.length);
      at = 0;
    }
    if (next === undefined) {
      const folder = open.at(-1);
      if (folder === undefined) break;
      const following = folder.next();
      if (following.done === true) {
        at = encoder.close(block, at);
        open.pop();
        if (open.length > 0) at = encoder.close(block, at);
      } else {
        const [name, each] = following.value;
        at = encoder.entry(block, at, checked(encodeText(name), faultOfName, "name"));
        next = each;
      }
      continue;
    }
    switch (next.type) {
      case "directory":
        at = encoder.directory(block, at);
        open.push([...next.entries].sort(([a], [b]) => compareText(a, b)).values());
        next = undefined;
        continue;
      case "symlink":
        at = encoder.symlink(block, at, checked(encodeText(next.target), faultOfTarget, "target"));
        at = encoder.close(block, at);
        break;
      case "regular": {
        const { contents } = next;
        at = encoder.regular(block, at, next.executable, contents.length);
        if (at + contents.length + mostAtOnce <= block.length) {
          block.set(contents, at);
          at += contents.length;
        } else {
          yield block.subarray(0, at);
          yield Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength);
          block = Buffer.alloc(block.length);
          at = 0;
        }
        at = encoder.close(block, encoder.padding(block, at, contents.length));
        break;
      }
    }
    if (open.length > 0) at = encoder.close(block, at);
    next = undefined;
  }
  yield block.subarray(0, at);
}

function checked(bytes: Buffer, faultOf: (bytes: Buffer) => string | undefined, what: string): Buffer {
  const fault = faultOf(bytes);
  if (fault !== undefined)
    throw new CleaveError({
      code: "nar-malformed",
      message: `a NAR cannot have the ${what} ${quote(bytes.toString())}: it ${fault}`,
    });
  return bytes;
}
