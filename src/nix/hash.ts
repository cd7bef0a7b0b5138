/**
 * Hashes as Nix writes them.
 *
 *     hash      = [ algorithm ":" ] ( base16 | nix32 | base64 ) | sri
 *     sri       = algorithm "-" base64
 *     algorithm = "md5" | "sha1" | "sha256" | "sha512"
 *
 * Which of the three forms it is, the length says. Base16 is written small and read in either case; nix32 is
 * the base32 of `base32.ts`. Base64 (RFC 4648, section 4) has its padding, which SRI may leave out. The reader
 * is as strict as Nix, and stricter in base64, where Nix skips line ends and ignores whatever follows the first
 * `=` and bits beyond the last byte: here these are errors.
 */
import { createHash, hash as hashAtOnce } from "node:crypto";
import { CleaveError, quote } from "../base/index.ts";
import { base32Length, formatBase32, parseBase32 } from "./base32.ts";

const sizes = { md5: 16, sha1: 20, sha256: 32, sha512: 64 } as const;

export type HashAlgorithm = keyof typeof sizes;

/** How a hash is written; `sri` always names its algorithm. */
export type HashFormat = "base16" | "nix32" | "base64" | "sri";

declare const brand: unique symbol;

/** An algorithm and a digest of its size. Made by {@link makeHash} and what calls it. */
export type Hash = {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
  readonly [brand]: "Hash";
};

/** The algorithms, weakest first. */
export const hashAlgorithms: readonly HashAlgorithm[] = ["md5", "sha1", "sha256", "sha512"];

const algorithmsHint = `the hash algorithms are ${hashAlgorithms.join(", ")}`;

/** Make a hash of a digest, which is kept, not copied. A digest of another size is a bug of the caller. */
export function makeHash(algorithm: HashAlgorithm, digest: Uint8Array): Hash {
  if (digest.length !== sizes[algorithm])
    throw new Error(`a ${algorithm} digest has ${sizes[algorithm]} bytes, not ${digest.length}`);
  return { algorithm, digest } as Hash;
}

/** Read the name of an algorithm. Throws `hash-malformed`. */
export function parseHashAlgorithm(text: string): HashAlgorithm {
  const found = hashAlgorithms.find((each) => each === text);
  if (found !== undefined) return found;
  throw new CleaveError({
    code: "hash-malformed",
    message: `there is no hash algorithm ${quote(text)}`,
    hint: algorithmsHint,
  });
}

/**
 * Read a hash in any of its forms. `algorithm` is what the context asks for: a text that names none needs it,
 * and one that names another is refused. Throws `hash-malformed`.
 */
export function parseHash(text: string, algorithm?: HashAlgorithm): Hash {
  const refuse = (what: string, hint?: string) =>
    new CleaveError({ code: "hash-malformed", message: `the hash ${quote(text)} ${what}`, hint });
  const colon = text.indexOf(":");
  const at = colon < 0 ? text.indexOf("-") : colon;
  const named = hashAlgorithms.find((each) => at >= 0 && each === text.slice(0, at));
  if (at >= 0 && named === undefined)
    throw refuse(`names the algorithm ${quote(text.slice(0, at))}, which there is not`, algorithmsHint);
  if (named !== undefined && algorithm !== undefined && named !== algorithm)
    throw refuse(`is one of ${named}, where ${algorithm} is asked for`);
  const used = named ?? algorithm;
  if (used === undefined)
    throw refuse("does not say its algorithm", `write it in front, as in ${quote(`sha256:${text}`)}`);
  const { form, digest } = parseDigits(text.slice(at + 1), used, at >= 0 && colon < 0);
  if (form === undefined)
    throw refuse(
      `has ${text.length - at - 1} digits, which is no length for ${used}`,
      `${used} has ${sizes[used] * 2} digits in base16, ${base32Length(sizes[used])} in nix32, ${base64Length(sizes[used])} in base64`,
    );
  if (digest === undefined) throw refuse(`is not ${form} of the ${sizes[used]} bytes of ${used}`);
  return makeHash(used, digest);
}

/** Write the digits of a hash, in SRI with `algorithm-` in front. */
export function formatHash({ algorithm, digest }: Hash, format: HashFormat): string {
  switch (format) {
    case "base16":
      return asBuffer(digest).toString("hex");
    case "nix32":
      return formatBase32(digest);
    case "base64":
      return asBuffer(digest).toString("base64");
    case "sri":
      return `${algorithm}-${asBuffer(digest).toString("base64")}`;
  }
}

/** Write a hash with its algorithm in front: `algorithm:digits`, or SRI. */
export function formatNamedHash(hash: Hash, format: HashFormat): string {
  return format === "sri" ? formatHash(hash, format) : `${hash.algorithm}:${formatHash(hash, format)}`;
}

/** Say whether two hashes have the same algorithm and digest. */
export function equalHash(a: Hash, b: Hash): boolean {
  return a.algorithm === b.algorithm && asBuffer(a.digest).equals(b.digest);
}

/** Hash bytes that are in memory; a string stands for its UTF-8. */
export function hashBytes(algorithm: HashAlgorithm, bytes: string | Uint8Array): Hash {
  return makeHash(algorithm, hashAtOnce(algorithm, bytes, "buffer"));
}

/** Hashes bytes that arrive in chunks. */
export type Hasher = {
  readonly update: (chunk: Uint8Array) => void;
  /** End it; neither may be called again. */
  readonly finish: () => Hash;
};

/** Start hashing a stream. */
export function makeHasher(algorithm: HashAlgorithm): Hasher {
  const state = createHash(algorithm);
  return {
    update: (chunk) => {
      state.update(chunk);
    },
    finish: () => makeHash(algorithm, state.digest()),
  };
}

/** Fold a digest to 20 bytes (or `size`) by exclusive or, as Nix does for the hash part of a store path. */
export function compressHash({ digest }: Hash, size = 20): Uint8Array {
  const folded = new Uint8Array(size);
  for (let at = 0; at < digest.length; at += 1)
    folded[at % size] = (folded[at % size] ?? 0) ^ (digest[at] ?? 0);
  return folded;
}

/** Read digits in the form that their number tells; no form where no form has that many. */
function parseDigits(
  digits: string,
  algorithm: HashAlgorithm,
  sri: boolean,
): { form?: HashFormat; digest?: Uint8Array | undefined } {
  const size = sizes[algorithm];
  if (sri) return { form: "sri", digest: parseBase64(digits, size) };
  switch (digits.length) {
    case size * 2:
      return {
        form: "base16",
        digest: /^[0-9a-fA-F]*$/.test(digits) ? Buffer.from(digits, "hex") : undefined,
      };
    case base32Length(size):
      return { form: "nix32", digest: parseBase32(digits, size) };
    case base64Length(size):
      return { form: "base64", digest: parseBase64(digits, size) };
    default:
      return {};
  }
}

/** Read base64 of `size` bytes with its padding or without; `undefined` where it is not that. */
function parseBase64(digits: string, size: number): Uint8Array | undefined {
  const bytes = Buffer.from(digits, "base64");
  if (bytes.length !== size) return undefined;
  const canonical = bytes.toString("base64");
  return digits === canonical || digits === canonical.replace(/=+$/, "") ? bytes : undefined;
}

function base64Length(size: number): number {
  return Math.ceil(size / 3) * 4;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
