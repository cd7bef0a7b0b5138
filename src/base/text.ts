/**
 * Byte strings as JavaScript strings, without loss.
 *
 * Names of files, values in derivations and arguments of commands are bytes to Linux and to Nix; most are
 * UTF-8, some are not. A byte that is no part of valid UTF-8 stands in the string as the lone surrogate
 * U+DC00 + byte (U+DC80 to U+DCFF), the form that Python calls surrogateescape. Every byte string has exactly
 * one such text; a text with any other lone surrogate has no bytes.
 */
import { Buffer, isUtf8 } from "node:buffer";
import { CleaveError } from "./error.ts";
import { quote } from "./quote.ts";

/** Decode bytes to text; bytes that are not UTF-8 become U+DC80 to U+DCFF. */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString("utf8");
  let text = "";
  let start = 0;
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += buffer.toString("utf8", start, at) + String.fromCharCode(0xdc00 + (buffer[at] ?? 0));
    at += 1;
    start = at;
  }
  return text + buffer.toString("utf8", start);
}

/** Encode text to bytes: the inverse of {@link decodeText}. Throws `text-lone-surrogate`. */
export function encodeText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(at + 1);
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
      at += 1;
      continue;
    }
    if (unit < 0xdc80 || unit > 0xdcff)
      throw new CleaveError({
        code: "text-lone-surrogate",
        message: `the text ${quote(text)} holds the lone surrogate U+${unit.toString(16).toUpperCase()} at index ${at}, which stands for no bytes`,
        hint: "surrogates come in pairs; only U+DC80 to U+DCFF may stand alone, for bytes that are not UTF-8",
      });
    parts.push(Buffer.from(text.slice(start, at), "utf8"), Buffer.of(unit - 0xdc00));
    start = at + 1;
  }
  parts.push(Buffer.from(text.slice(start), "utf8"));
  return Buffer.concat(parts);
}

/** Order two texts by their bytes, as Nix orders everything: negative, 0 or positive. */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    // UTF-16 and UTF-8 order alike below the surrogates.
    if (left < 0xd800 && right < 0xd800) return left - right;
    return Buffer.compare(encodeText(a), encodeText(b));
  }
  return a.length - b.length;
}

/** Length of the valid UTF-8 sequence at `at`, or 0 (Unicode, table 3-7: no overlong forms, no surrogates). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  if (lead >= 0xc2 && lead <= 0xdf) return isTail(second) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const low = lead === 0xe0 ? 0xa0 : 0x80;
    const high = lead === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isTail(bytes[at + 2] ?? 0) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const low = lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high && isTail(bytes[at + 2] ?? 0) && isTail(bytes[at + 3] ?? 0)
      ? 4
      : 0;
  }
  return 0;
}

function isTail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}
