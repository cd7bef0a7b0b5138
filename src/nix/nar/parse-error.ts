import type { Buffer } from "node:buffer";
import { CleaveError, quote } from "../../base/index.ts";
import { paddingOf } from "./format.ts";
import type { Trail } from "./trail.ts";

/** Fixed strings that may come next in a NAR, and the bytes that they are together. */
type Choice = { readonly words: readonly string[]; readonly bytes: Buffer };

/** Make the error for bytes that are not those of a NAR. */
export function malformed(message: string, offset: number): CleaveError {
  return new CleaveError({ code: "nar-malformed", message, location: { offset } });
}

/** Make the error for a NAR beyond a limit. */
export function tooLarge(message: string, offset: number): CleaveError {
  return new CleaveError({ code: "nar-too-large", message, location: { offset } });
}

/** See that padding is zero. Throws `nar-malformed`. */
export function checkPadding(padding: Buffer, offset: number, { describe }: Trail): void {
  const at = padding.findIndex((byte) => byte !== 0);
  if (at >= 0)
    throw malformed(
      `the padding of a string at ${describe()} is not zero but ${padding.toString("hex")}`,
      offset + at,
    );
}

/** Say what stands where one of the choices should, at the first string that differs. */
export function unexpected(
  choices: readonly Choice[],
  found: Buffer,
  offset: number,
  where: string,
): CleaveError {
  let matched = -1;
  let expected: string[] = [];
  for (const { words, bytes } of choices) {
    let same = 0;
    while (same < found.length && same < bytes.length && found[same] === bytes[same]) same += 1;
    let start = 0;
    for (const word of words) {
      const length = 8 + word.length + paddingOf(word.length);
      if (same < start + length) {
        if (start > matched) expected = [];
        if (start >= matched) expected.push(quote(word));
        matched = Math.max(matched, start);
        break;
      }
      start += length;
    }
  }
  const rest = found.subarray(matched, matched + 32);
  return malformed(
    `${describeString(rest)} at ${where} where ${oneOf(expected)} should be`,
    offset + matched,
  );
}

/** Show the string that bytes begin with, or else the bytes. */
function describeString(bytes: Buffer): string {
  const length = bytes.length >= 8 ? bytes.readUInt32LE() + bytes.readUInt32LE(4) * 2 ** 32 : 0;
  const text = bytes.subarray(8, 8 + length);
  return length > 0 && text.length === length && text.every((byte) => byte > 0x20 && byte < 0x7f)
    ? `there is ${quote(text.toString("latin1"))}`
    : `there are the bytes ${bytes.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ")}`;
}

/** Name several words of which one should be there. */
export function oneOf(words: readonly string[]): string {
  return words.join(" or ");
}
