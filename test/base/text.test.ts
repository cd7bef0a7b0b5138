import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, compareText, decodeText, encodeText, nearest, quote } from "../../src/base/index.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => Buffer.from(text)),
  // Near misses of UTF-8: leads and tails of every class.
  fc
    .array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xff),
    )
    .map((all) => Uint8Array.from(all)),
);

test("decoding bytes and encoding the text gives the same bytes", () => {
  fc.assert(
    fc.property(bytes, (each) => {
      assert.deepEqual(Buffer.from(encodeText(decodeText(each))), Buffer.from(each));
    }),
    { numRuns: 2000 },
  );
});

test("texts are ordered as their bytes are", () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(Math.sign(compareText(decodeText(a), decodeText(b))), Buffer.compare(a, b));
    }),
    { numRuns: 2000 },
  );
});

test("bytes that are not UTF-8 become U+DC80 to U+DCFF, valid UTF-8 is as it was", () => {
  assert.equal(decodeText(Buffer.from([0x61, 0xff, 0xc3, 0xa9])), "a\udcffé");
  assert.equal(decodeText(Buffer.from("\ufeffa😀")), "\ufeffa😀");
  assert.deepEqual([...encodeText("a\udcffé")], [0x61, 0xff, 0xc3, 0xa9]);
});

test("a lone surrogate has no bytes", () => {
  assert.throws(
    () => encodeText("ab\ud800"),
    (error) =>
      error instanceof CleaveError &&
      error.code === "text-lone-surrogate" &&
      error.message ===
        'the text "ab\\ud800" holds the lone surrogate U+D800 at index 2, which stands for no bytes',
  );
});

test("what is quoted stays on one line", () => {
  assert.equal(quote("a/b-c.txt"), "a/b-c.txt");
  assert.equal(quote(""), '""');
  assert.equal(quote("a b\n\u202e"), '"a b\\n\\u202e"');
});

test("nearest finds slips and leaves strangers alone", () => {
  assert.deepEqual(nearest("biuld", ["build", "run", "builder"]), ["build"]);
  assert.deepEqual(nearest("xyz", ["build", "run"]), []);
});
