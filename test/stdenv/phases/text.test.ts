import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { compareText, encodeText } from "../../../src/base/index.ts";
import { replaceTexts } from "../../../stdenv/interpreters/quickjs/replace.ts";
import { parseShebang } from "../../../stdenv/interpreters/quickjs/shebang.ts";
import { compareBytes, encodeRaw, rawBytes, rawText } from "../../../stdenv/interpreters/quickjs/text.ts";

/** Byte strings, with bytes among them that are no UTF-8. */
const byteString = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => bytes)
  .chain((bytes) =>
    fc
      .string({ unit: "binary", maxLength: 6 })
      .map((text) => decode(Buffer.concat([Buffer.from(text), bytes]))),
  );

function decode(bytes: Uint8Array): string {
  // As the store does it: what is no UTF-8 is a lone surrogate.
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((each) => {
      const part = bytes.subarray(at, at + each);
      return (
        part.length === each && Buffer.from(part).toString("utf8") !== "\ufffd".repeat(1) && isUtf8(part)
      );
    });
    if (length === undefined) text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    else text += Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
    at += length ?? 1;
  }
  return text;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test("raw texts are the bytes of byte strings", () => {
  fc.assert(
    fc.property(byteString, (text) => {
      const raw = encodeRaw(text);
      assert.deepEqual(Buffer.from(rawBytes(raw)), encodeText(text));
      assert.equal(rawText(rawBytes(raw)), raw);
    }),
  );
});

test("byte strings are ordered by their bytes", () => {
  fc.assert(
    fc.property(byteString, byteString, (a, b) =>
      assert.equal(Math.sign(compareBytes(a, b)), Math.sign(compareText(a, b))),
    ),
  );
});

test("texts are replaced at once, from left to right, the longest first", () => {
  assert.deepEqual(replaceTexts("abcabc", { ab: "b", abc: "x", b: "never", missing: "" }), {
    text: "xx",
    missing: ["ab", "b", "missing"],
  });
  assert.deepEqual(replaceTexts("a.b$&", { ".": "$&", "$&": "." }), { text: "a$&b.", missing: [] });
  assert.deepEqual(replaceTexts("abc", {}), { text: "abc", missing: [] });
  assert.deepEqual(replaceTexts("abc", { "": "x" }), { text: "abc", missing: [""] });
  assert.deepEqual(replaceTexts(encodeRaw("süß"), { ß: "ss" }), { text: encodeRaw("süss"), missing: [] });
});

test("replacing one text is what splitting and joining is", () => {
  const short = fc.string({ unit: fc.constantFrom("a", "b", ".", "$", "é"), maxLength: 8 });
  fc.assert(
    fc.property(
      short,
      fc.string({ unit: fc.constantFrom("a", ".", "é"), minLength: 1, maxLength: 2 }),
      short,
      (text, from, to) => {
        const { text: replaced, missing } = replaceTexts(encodeRaw(text), { [from]: to });
        assert.equal(replaced, encodeRaw(text.split(from).join(to)));
        assert.equal(missing.length, text.includes(from) ? 0 : 1);
      },
    ),
  );
});

test("a shebang names a program, and what it is given", () => {
  const cases: Readonly<Record<string, readonly [string, string] | undefined>> = {
    "/bin/sh": ["sh", ""],
    " /bin/sh -e": ["sh", "-e"],
    "/usr/bin/env python3": ["python3", ""],
    "/usr/bin/env -S perl -w -T": ["perl", "-w -T"],
    "/usr/bin/env -i A=b bash\t-u": ["bash", "-u"],
    perl: ["perl", ""],
    "": undefined,
    "/usr/bin/env": undefined,
    "/nix/store/abc-bash/bin/bash": undefined,
  };
  for (const [line, expected] of Object.entries(cases)) {
    const parsed = parseShebang(line);
    assert.deepEqual(parsed && [parsed.program, parsed.argument], expected, line);
  }
});
