import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError } from "../../src/base/index.ts";
import {
  formatPublicKey,
  formatSecretKey,
  makeSecretKey,
  parsePublicKey,
  parseSecretKey,
  sign,
  verify,
} from "../../src/nix/index.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("keys are read and written as real Nix writes them", needsNix, () => {
  using temp = temporaryFolder();
  nixIn(temp.path).run("nix-store", ["--generate-binary-cache-key", "cache.example-1", "secret", "public"]);
  const [secretText, publicText] = ["secret", "public"].map((file) =>
    readFileSync(join(temp.path, file), "utf8"),
  );
  const secret = parseSecretKey(secretText ?? "");
  assert.equal(formatSecretKey(secret), secretText);
  assert.equal(formatPublicKey(secret.publicKey), publicText);
  assert.equal(formatPublicKey(parsePublicKey(`${publicText}\n`)), publicText);
});

test("signatures are those of RFC 8032", () => {
  // Section 7.1, test 1: the empty message.
  const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
  const key = makeSecretKey("k", seed);
  assert.equal(
    Buffer.from(key.publicKey.bytes).toString("hex"),
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
  assert.equal(
    Buffer.from(sign(key, "").slice(2), "base64").toString("hex"),
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  );
});

test("a signature verifies with its own key, text and name only", () => {
  fc.assert(
    fc.property(seeds, seeds, fc.string(), fc.string(), (seed, otherSeed, text, otherText) => {
      const key = parseSecretKey(formatSecretKey(makeSecretKey("a", seed)));
      const open = parsePublicKey(formatPublicKey(key.publicKey));
      const signature = sign(key, text);
      assert.equal(verify([open], text, signature), open);
      const other = makeSecretKey("a", otherSeed);
      assert.equal(verify([other.publicKey, open], text, signature), open, "two keys of one name");
      if (otherText !== text) assert.equal(verify([open], otherText, signature), undefined);
      assert.equal(verify([makeSecretKey("b", seed).publicKey], text, signature), undefined);
      assert.equal(verify([open], text, signature.slice(0, -4)), undefined);
      assert.equal(verify([open], text, `${signature}\n`), undefined);
      assert.equal(verify([open], text, signature.replace(":", "")), undefined);
    }),
    { numRuns: 50 },
  );
});

test("a bad key is refused with its mistake and is not shown", () => {
  const good = formatSecretKey(makeSecretKey("k", new Uint8Array(32)));
  const refused = (read: () => unknown, message: string) =>
    assert.throws(read, (error) => {
      assert.ok(error instanceof CleaveError);
      assert.deepEqual([error.code, error.message], ["signing-key-malformed", message]);
      return true;
    });
  refused(() => parseSecretKey("k"), "the secret key has no colon between its name and the rest");
  refused(
    () => parseSecretKey(good.slice(1)),
    '"" is no name for a key: it is empty or has a colon or white space',
  );
  refused(
    () => makeSecretKey("a b"),
    '"a b" is no name for a key: it is empty or has a colon or white space',
  );
  refused(() => parseSecretKey(`${good}!`), "the secret key k is not in base64");
  refused(() => parsePublicKey(good), "the public key k has 64 bytes, not 32");
  refused(
    () => parseSecretKey(`k:${Buffer.alloc(64).toString("base64")}`),
    "the secret key k has a public half that is not its own",
  );
});

test("a mutated key gives a coded error or a key that is written as it was read", () => {
  const good = formatSecretKey(makeSecretKey("key-1", Buffer.alloc(32, 3)));
  const mutation = fc.record({
    at: fc.nat(good.length),
    cut: fc.nat(3),
    put: fc.oneof(fc.constantFrom("=", ":", "\n", "A"), fc.string({ maxLength: 3 })),
  });
  fc.assert(
    fc.property(mutation, ({ at, cut, put }) => {
      const text = good.slice(0, at) + put + good.slice(at + cut);
      try {
        assert.equal(formatSecretKey(parseSecretKey(text)), text.replace(/\n$/, ""));
      } catch (error) {
        assert.ok(error instanceof CleaveError && error.code === "signing-key-malformed", String(error));
        assert.ok(!error.message.includes(good.slice(-40)));
      }
    }),
    { numRuns: 500 },
  );
});
