/** NARs with a few mistakes in them, for readers that must take none of them badly. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { encodeNar } from "../../src/nix/index.ts";
import { narTrees } from "./trees.ts";

/** Write a string as it stands in a NAR, or with other padding or another length. */
export function narString(text: string | Buffer, pad = 0, length = Buffer.byteLength(text)): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([head, bytes, Buffer.alloc(-bytes.length & 7, pad)]);
}

const words = [
  "(",
  ")",
  "type",
  "entry",
  "name",
  "node",
  "contents",
  "executable",
  "",
  "directory",
  "..",
  "a/b",
];

const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("set", "insert", "delete", "copy", "word"),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }),
  word: fc.constantFrom(...words),
});

/** NARs of random trees, changed at one to four places. A few are still, or again, NARs. */
export const mutatedNars: fc.Arbitrary<Buffer> = fc
  .tuple(
    narTrees.map((tree) => Buffer.concat([...encodeNar(tree)])).filter(({ length }) => length < 50_000),
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
  )
  .map(([original, mutations]) => {
    let bytes = original;
    for (const { at, kind, bytes: other, word } of mutations) {
      // Most of the structure is at multiples of 8.
      const start = kind === "set" ? at % bytes.length : (at * 8) % bytes.length;
      const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)];
      const put = (insert: Uint8Array, dropped: number) =>
        Buffer.concat([before, insert, after.subarray(dropped)]);
      switch (kind) {
        case "set":
          bytes = put(other, other.length);
          break;
        case "insert":
          bytes = put(other, 0);
          break;
        case "delete":
          bytes = put(Buffer.alloc(0), 8);
          break;
        case "copy":
          bytes = put(before.subarray(-64), 0);
          break;
        case "word":
          bytes = put(narString(word), 16);
          break;
      }
    }
    return bytes;
  });
