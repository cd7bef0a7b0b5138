import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  equalHash,
  formatBase32,
  hashBytes,
  makeModuloHasher,
  makeReferenceScanner,
  makeRewriter,
} from "../../src/nix/index.ts";

const digits = "0123456789abcdfghijklmnpqrsvwxyz";
// Few letters, so that hash parts overlap with themselves and each other; and ordinary ones.
const hashPart = fc.oneof(
  fc.string({ unit: fc.constantFrom("0", "z"), minLength: 32, maxLength: 32 }),
  fc.constantFrom("0", "01", "012", "0z").map((unit) => unit.repeat(32).slice(0, 32)),
  fc.uint8Array({ minLength: 20, maxLength: 20 }).map(formatBase32),
);

/** Candidates, and bytes in which whole ones, parts of them and other bytes follow each other, in chunks. */
const streams = fc
  .tuple(
    fc.uniqueArray(hashPart, { maxLength: 8 }),
    fc.array(
      fc.oneof(
        fc.record({ which: fc.nat(), from: fc.nat(31), to: fc.nat(32) }),
        fc.record({ which: fc.nat(), from: fc.constant(0), to: fc.constant(32) }),
        fc.string({ unit: fc.constantFrom(...digits, "-", "\0", "é"), maxLength: 40 }),
        fc.integer({ min: 0, max: 80 }),
      ),
      { maxLength: 20 },
    ),
    fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 30 }),
    fc.nat(3),
  )
  .map(([parts, pieces, cuts, misaligned]) => {
    const bytes = Buffer.concat(
      pieces.map((piece) => {
        if (typeof piece === "number") return Buffer.alloc(piece, "0");
        if (typeof piece === "string") return Buffer.from(piece);
        return Buffer.from((parts[piece.which % parts.length] ?? "").slice(piece.from, piece.to));
      }),
    );
    const chunks: Uint8Array[] = [];
    let start = 0;
    for (const cut of [...cuts, bytes.length]) {
      const own = bytes.subarray(start, start + cut);
      const moved = Buffer.alloc(own.length + misaligned).subarray(misaligned);
      moved.set(own);
      chunks.push(moved);
      start += own.length;
    }
    return { parts, bytes, chunks };
  });

test("every candidate that the bytes hold is found and no other, however they are chunked", () => {
  fc.assert(
    fc.property(streams, ({ parts, bytes, chunks }) => {
      const scanner = makeReferenceScanner(parts);
      for (const chunk of chunks) scanner.update(chunk);
      assert.deepEqual(
        scanner.found(),
        parts.filter((part) => bytes.includes(part)),
      );
    }),
    { numRuns: 3000 },
  );
});

test("thousands of candidates in random digits: those that are there are found", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.nat(),
      fc.integer({ min: 1, max: 5000 }),
      (count, seed, chunk) => {
        const part = (index: number) => formatBase32(hashBytes("sha1", `${seed} ${index}`).digest);
        const parts = Array.from({ length: count }, (_, index) => part(index));
        const there = parts.filter((_, index) => index % 3 === 0);
        const bytes = Buffer.from(
          there.map((each, index) => part(-index).slice(0, index % 32) + each).join(""),
        );
        const scanner = makeReferenceScanner(parts);
        for (let at = 0; at < bytes.length; at += chunk) scanner.update(bytes.subarray(at, at + chunk));
        assert.deepEqual(scanner.found(), there);
      },
    ),
    { numRuns: 30 },
  );
});

/** The leftmost occurrence each time, found the simple way. */
function occurrences(bytes: Buffer, parts: readonly string[]): { part: string; start: number }[] {
  const found: { part: string; start: number }[] = [];
  for (let from = 0; ; ) {
    const next = parts
      .map((part) => ({ part, start: bytes.indexOf(part, from) }))
      .filter(({ start }) => start >= 0)
      .sort((a, b) => a.start - b.start)[0];
    if (next === undefined) return found;
    found.push(next);
    from = next.start + 32;
  }
}

test("rewriting replaces each occurrence and nothing else, however the bytes are chunked", () => {
  fc.assert(
    fc.property(
      streams,
      fc.array(hashPart, { minLength: 8, maxLength: 8 }),
      ({ parts, bytes, chunks }, to) => {
        const rewrites = new Map(parts.map((part, index) => [part, to[index] ?? ""]));
        const rewriter = makeRewriter(rewrites);
        const given = Buffer.concat(chunks);
        const out = Buffer.concat([
          ...chunks.map((chunk) => Buffer.from(rewriter.update(chunk))),
          rewriter.finish(),
        ]);
        const expected = Buffer.from(bytes);
        for (const { part, start } of occurrences(bytes, parts))
          expected.write(rewrites.get(part) ?? "", start);
        assert.deepEqual(out, expected);
        assert.deepEqual(Buffer.concat(chunks), given, "the chunks that went in are as they were");
      },
    ),
    { numRuns: 2000 },
  );
});

test("a hash modulo is that of the bytes with zeros and the offsets behind them", () => {
  fc.assert(
    fc.property(streams, hashPart, ({ parts, bytes, chunks }, other) => {
      const part = parts[0] ?? other;
      const hasher = makeModuloHasher("sha256", part);
      for (const chunk of chunks) hasher.update(chunk);
      const { hash, self } = hasher.finish();
      const places = occurrences(bytes, [part]);
      const zeroed = Buffer.from(bytes);
      for (const { start } of places) zeroed.fill(0, start, start + 32);
      const behind = places.map(({ start }) => `|${start}`).join("");
      assert.ok(equalHash(hash, hashBytes("sha256", Buffer.concat([zeroed, Buffer.from(behind)]))));
      assert.equal(self, places.length > 0);
    }),
    { numRuns: 1000 },
  );
});

test("what is no hash part is a bug of the caller", () => {
  for (const part of ["", "0".repeat(31), "0".repeat(33), `e${"0".repeat(31)}`, "é".repeat(32)])
    assert.throws(() => makeReferenceScanner([part]), /is no hash part/);
  assert.throws(() => makeRewriter(new Map([["0".repeat(32), "short"]])), /is no hash part/);
});
