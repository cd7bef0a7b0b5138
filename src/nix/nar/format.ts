/**
 * The Nix archive (NAR): a file, a symlink or a folder with all that is in it, as bytes that depend on nothing
 * else: no times, owners, modes but the executable bit, no order but that of the bytes of the names.
 *
 *     nar    = str("nix-archive-1") node
 *     node   = str("(") str("type") body str(")")
 *     body   = str("regular") [ str("executable") str("") ] str("contents") str(any bytes)
 *            | str("symlink") str("target") str(target)
 *            | str("directory") { str("entry") str("(") str("name") str(name) str("node") node str(")") }
 *     str(s) = the length of s in bytes, unsigned, 64 bit, little endian; s; zeros up to a multiple of 8
 *
 * | limit | enforced by |
 * |-|-|
 * | a name has 1 to 255 bytes, neither `/` nor NUL among them, and is not `.` or `..` | parser, writer |
 * | the names of a folder rise strictly, byte by byte | parser; the writer sorts |
 * | a target has 1 to 4,095 bytes, NUL not among them | parser, writer |
 * | padding is zero | parser |
 * | contents have less than 2^53 bytes | parser |
 * | at most 2^20 folders in each other, and 16 MiB of names on the way to a node | parser |
 *
 * Nix 2.8 reads more than this (parts of a node in another order, contents that are missing), but writes
 * nothing else. Followed: the thesis of E. Dolstra, figure 5.2, and what `nix-store --dump` writes.
 */
import { Buffer } from "node:buffer";

/** A part of a NAR, in the order of its bytes. The views are valid until the next bytes are asked for. */
export type NarEvent =
  /** The node is a folder: its entries follow, then `end`. */
  | { readonly type: "directory" }
  /** An entry of the innermost open folder; its node follows. */
  | { readonly type: "entry"; readonly name: Buffer }
  | { readonly type: "end" }
  /** The node is a file: `contents` follow, none or several, `size` bytes together. */
  | {
      readonly type: "regular";
      readonly executable: boolean;
      readonly size: number;
      /** Where in the NAR the contents begin, in bytes. */
      readonly offset: number;
    }
  | { readonly type: "contents"; readonly bytes: Buffer }
  | { readonly type: "symlink"; readonly target: Buffer };

export const longestName = 255;
export const longestTarget = 4095;
export const mostFolders = 2 ** 20;
export const mostNameBytes = 2 ** 24;

/** Count the zeros that follow a string of `length` bytes. */
export function paddingOf(length: number): number {
  return -length & 7;
}

/** Write strings as they stand in a NAR. */
export function strings(...texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.alloc(8 + text.length + paddingOf(text.length));
      bytes.writeUInt32LE(text.length);
      bytes.write(text, 8, "latin1");
      return [bytes];
    }),
  );
}

/** Say what is wrong with the name of an entry, as the rest of a sentence; nothing if it is fine. */
export function faultOfName(name: Uint8Array): string | undefined {
  if (name.length === 0) return "is empty";
  if (name.length > longestName) return `has ${name.length} bytes, more than ${longestName}`;
  if (name.includes(0)) return "has a NUL in it";
  if (name.includes(0x2f)) return "has a / in it";
  if (name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e)))
    return "stands for another folder";
  return undefined;
}

/** Say what is wrong with the target of a symlink, as the rest of a sentence; nothing if it is fine. */
export function faultOfTarget(target: Uint8Array): string | undefined {
  if (target.length === 0) return "is empty";
  if (target.length > longestTarget) return `has ${target.length} bytes, more than ${longestTarget}`;
  if (target.includes(0)) return "has a NUL in it";
  return undefined;
}
