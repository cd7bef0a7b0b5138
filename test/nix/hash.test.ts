import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError } from "../../src/base/index.ts";
import {
  compressHash,
  equalHash,
  formatBase32,
  formatHash,
  formatNamedHash,
  type Hash,
  hashAlgorithms,
  hashBytes,
  makeHash,
  makeHasher,
  parseBase32,
  parseHash,
  parseHashAlgorithm,
} from "../../src/nix/index.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const hashes = fc
  .tuple(fc.constantFrom(...hashAlgorithms), fc.uint8Array({ minLength: 64, maxLength: 64 }))
  .map(([algorithm, bytes]) =>
    makeHash(algorithm, bytes.subarray(0, { md5: 16, sha1: 20, sha256: 32, sha512: 64 }[algorithm])),
  );

const refused = (message: string, hint: string | undefined) => (error: unknown) => {
  assert.ok(error instanceof CleaveError);
  assert.deepEqual([error.code, error.message, error.hint], ["hash-malformed", message, hint]);
  return true;
};

/** The hash or `undefined`; anything but a coded error is a failure. */
function tryParse(text: string, algorithm?: Hash["algorithm"]): Hash | undefined {
  try {
    return parseHash(text, algorithm);
  } catch (error) {
    assert.ok(error instanceof CleaveError && error.code === "hash-malformed", String(error));
    return undefined;
  }
}

test("base32 goes there and back for every size", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = formatBase32(bytes);
      assert.deepEqual(parseBase32(text, bytes.length), bytes);
    }),
  );
});

test("a base32 text has one value or none: every text that is read is written the same again", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.string({ unit: fc.constantFrom(..."0123456789abcdfghijklmnpqrsvwxyzeouA-é"), maxLength: 16 }),
      (size, text) => {
        const bytes = parseBase32(text, size);
        if (bytes !== undefined) assert.equal(formatBase32(bytes), text);
      },
    ),
    { numRuns: 2000 },
  );
  assert.equal(parseBase32("8", 0), undefined);
  assert.deepEqual(parseBase32("7z", 1), Uint8Array.of(0xff));
  assert.equal(parseBase32("80", 1), undefined, "a bit beyond the last byte");
});

test("a hash goes there and back in every form", () => {
  fc.assert(
    fc.property(hashes, (hash) => {
      for (const form of ["base16", "nix32", "base64", "sri"] as const) {
        assert.ok(equalHash(parseHash(formatHash(hash, form), hash.algorithm), hash));
        assert.ok(equalHash(parseHash(formatNamedHash(hash, form)), hash));
      }
      assert.ok(equalHash(parseHash(formatHash(hash, "base16").toUpperCase(), hash.algorithm), hash));
      assert.ok(equalHash(parseHash(formatHash(hash, "sri").replace(/=+$/, "")), hash));
    }),
  );
});

test("real Nix writes the same forms", needsNix, () => {
  using temp = temporaryFolder();
  const { run } = nixIn(temp.path);
  const all = fc.sample(hashes, 60);
  for (const [to, form] of [
    ["to-base16", "base16"],
    ["to-base32", "nix32"],
    ["to-base64", "base64"],
    ["to-sri", "sri"],
  ] as const) {
    const texts = all.map((hash, index) =>
      formatNamedHash(hash, (["base16", "nix32", "base64", "sri"] as const)[index % 4] ?? "sri"),
    );
    assert.deepEqual(
      run("nix", ["hash", to, ...texts])
        .toString()
        .trimEnd()
        .split("\n"),
      all.map((hash) => formatHash(hash, form)),
    );
  }
});

test("what is read, real Nix reads as the same; what it alone reads is careless base64", needsNix, () => {
  using temp = temporaryFolder();
  const { run } = nixIn(temp.path);
  const mutated = fc
    .tuple(
      hashes,
      fc.constantFrom("base16", "nix32", "base64", "sri"),
      fc.nat(),
      fc.constantFrom(..."=zZ0/+:-e \n\t~"),
      fc.constantFrom("set", "insert", "cut", "cutMany"),
    )
    .map(([hash, form, where, char, how]) => {
      const text = formatNamedHash(hash, form);
      const at = where % text.length;
      if (how === "set") return text.slice(0, at) + char + text.slice(at + 1);
      if (how === "insert") return text.slice(0, at) + char + text.slice(at);
      return how === "cut" ? text.slice(0, at) + text.slice(at + 1) : text.slice(0, at);
    });
  for (const text of fc.sample(mutated, 60)) {
    let theirs: string | undefined;
    try {
      theirs = run("nix", ["hash", "to-base16", "--", text]).toString().trimEnd();
    } catch {
      theirs = undefined;
    }
    const ours = tryParse(text);
    if (ours !== undefined) assert.equal(formatHash(ours, "base16"), theirs, JSON.stringify(text));
    else if (theirs !== undefined) {
      const digits = text.slice(text.search(/[:-]/) + 1);
      const bytes = Buffer.from(theirs, "hex").toString("base64").replace(/=+$/, "");
      assert.ok(
        digits.replaceAll("\n", "").slice(0, bytes.length - 1) === bytes.slice(0, -1),
        `${JSON.stringify(text)} is refused, and Nix reads ${theirs}`,
      );
    }
  }
});

test("any text gives a coded error or a hash that is written as it was read", () => {
  const digits = fc.constantFrom(..."0123456789abcdfghijklmnpqrsvwxyzABF+/=-:\n");
  const text = fc.oneof(
    fc.string({ unit: digits, maxLength: 10 }),
    ...[24, 26, 28, 32, 40, 44, 52, 64].map((length) =>
      fc.string({ unit: digits, minLength: length, maxLength: length }),
    ),
    fc.base64String({ minLength: 44, maxLength: 44 }),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 }),
  );
  const prefix = fc.constantFrom(
    "",
    ...hashAlgorithms.flatMap((each) => [`${each}:`, `${each}-`]),
    "sha3:",
    ":",
  );
  fc.assert(
    fc.property(prefix, text, fc.constantFrom(undefined, ...hashAlgorithms), (front, rest, algorithm) => {
      const hash = tryParse(front + rest, algorithm);
      if (hash === undefined) return;
      const forms = [formatHash(hash, "base64"), formatHash(hash, "nix32"), formatHash(hash, "base16")];
      assert.ok(
        forms.some(
          (form) => form === rest || form.replace(/=+$/, "") === rest || form === rest.toLowerCase(),
        ),
      );
    }),
    { numRuns: 3000 },
  );
});

test("the error of a bad hash says which rule it broke", () => {
  const algorithms = "the hash algorithms are md5, sha1, sha256, sha512";
  assert.throws(
    () => parseHash("sha3:00"),
    refused("the hash sha3:00 names the algorithm sha3, which there is not", algorithms),
  );
  assert.throws(() => parseHashAlgorithm("SHA256"), refused("there is no hash algorithm SHA256", algorithms));
  assert.throws(
    () => parseHash("md5:d41d8cd98f00b204e9800998ecf8427e", "sha1"),
    refused(
      "the hash md5:d41d8cd98f00b204e9800998ecf8427e is one of md5, where sha1 is asked for",
      undefined,
    ),
  );
  assert.throws(
    () => parseHash("00"),
    refused("the hash 00 does not say its algorithm", "write it in front, as in sha256:00"),
  );
  assert.throws(
    () => parseHash("md5:00"),
    refused(
      "the hash md5:00 has 2 digits, which is no length for md5",
      "md5 has 32 digits in base16, 26 in nix32, 24 in base64",
    ),
  );
  assert.throws(
    () => parseHash("md5:zzzzzzzzzzzzzzzzzzzzzzzzzz"),
    refused("the hash md5:zzzzzzzzzzzzzzzzzzzzzzzzzz is not nix32 of the 16 bytes of md5", undefined),
  );
  assert.throws(
    () => parseHash("md5-AAAAAAAAAAAAAAAAAAAAAB=="),
    refused("the hash md5-AAAAAAAAAAAAAAAAAAAAAB== is not sri of the 16 bytes of md5", undefined),
  );
});

test("hashing in chunks is hashing at once, and folding is exclusive or", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...hashAlgorithms),
      fc.array(fc.uint8Array()),
      fc.integer({ min: 1, max: 24 }),
      (algorithm, chunks, size) => {
        const hasher = makeHasher(algorithm);
        for (const chunk of chunks) hasher.update(chunk);
        const hash = hasher.finish();
        assert.ok(equalHash(hash, hashBytes(algorithm, Buffer.concat(chunks))));
        const folded = compressHash(hash, size);
        for (let to = 0; to < size; to += 1) {
          let byte = 0;
          for (let from = to; from < hash.digest.length; from += size) byte ^= hash.digest[from] ?? 0;
          assert.equal(folded[to], byte);
        }
      },
    ),
  );
});
