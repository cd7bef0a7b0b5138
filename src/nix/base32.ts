/**
 * Nix's base32: bytes as text in 32 characters that leave out e, o, t and u.
 *
 *     text  = digit*            ceil(bits / 5) digits for a given number of bytes
 *     digit = one of 0123456789abcdfghijklmnpqrsvwxyz, worth 0 to 31
 *
 * The bytes are one little-endian number, written with its most significant digit first (not RFC 4648). Bits of
 * the first digit beyond the last byte must be 0; the reader enforces that, the length and the characters, so
 * that bytes and texts go one to one.
 */

const digits = "0123456789abcdfghijklmnpqrsvwxyz";

/** The digits as bytes. */
const units = Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
const worth = new Int8Array(128).fill(-1);
for (let value = 0; value < digits.length; value += 1) worth[digits.charCodeAt(value)] = value;

/** Give what a UTF-16 code unit is worth as a digit, 0 to 31, or -1 if it is none. */
export function base32Worth(unit: number): number {
  return worth[unit] ?? -1;
}

/** Count the digits of `bytes` bytes. */
export function base32Length(bytes: number): number {
  return Math.ceil((bytes * 8) / 5);
}

/** Write bytes in Nix's base32. */
export function formatBase32(bytes: Uint8Array): string {
  const text = Buffer.allocUnsafe(base32Length(bytes.length));
  writeBase32(bytes, text, 0);
  return text.toString("latin1");
}

/** Write bytes in Nix's base32 into others, from `start` on. */
export function writeBase32(bytes: Uint8Array, text: Uint8Array, start: number): void {
  let to = start + base32Length(bytes.length);
  let bits = 0;
  let held = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    held |= (bytes[at] ?? 0) << bits;
    for (bits += 8; bits >= 5; bits -= 5) {
      to -= 1;
      text[to] = units[held & 31] ?? 0;
      held >>= 5;
    }
  }
  if (bits > 0) text[start] = units[held] ?? 0;
}

/** Read `text` as Nix's base32 of exactly `size` bytes; `undefined` where it is not that. */
export function parseBase32(text: string, size: number): Uint8Array | undefined {
  if (text.length !== base32Length(size)) return undefined;
  const bytes = new Uint8Array(size);
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let from = text.length - 1; from >= 0; from -= 1) {
    const value = base32Worth(text.charCodeAt(from));
    if (value < 0) return undefined;
    held |= value << bits;
    bits += 5;
    if (bits < 8) continue;
    bytes[to] = held & 0xff;
    to += 1;
    held >>= 8;
    bits -= 8;
  }
  return held === 0 ? bytes : undefined;
}
