/**
 * Bytes as texts. File names and texts of this library are byte strings: UTF-8, and U+DC80 to U+DCFF for bytes that are
 * not. What edits the content of files works on **raw** texts, with one character, U+0000 to U+00FF, for each byte.
 */

/** Order two byte strings by their bytes. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const left = encodeRaw(a);
  const right = encodeRaw(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Write a byte string as a raw text. */
export function encodeRaw(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  let raw = "";
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (code < 0x80) raw += letter;
    else if (code >= 0xdc80 && code <= 0xdcff) raw += String.fromCharCode(code - 0xdc00);
    else if (code < 0x800) raw += String.fromCharCode(0xc0 | (code >> 6), trail(code));
    else if (code < 0x10000) raw += String.fromCharCode(0xe0 | (code >> 12), trail(code >> 6), trail(code));
    else raw += String.fromCharCode(0xf0 | (code >> 18), trail(code >> 12), trail(code >> 6), trail(code));
  }
  return raw;
}

function trail(bits: number): number {
  return 0x80 | (bits & 0x3f);
}

/** Read bytes as a raw text. */
export function rawText(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4096)
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 4096)));
  return parts.join("");
}

/** Make bytes of a raw text. */
export function rawBytes(raw: string): Uint8Array {
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at += 1) bytes[at] = raw.charCodeAt(at);
  return bytes;
}
