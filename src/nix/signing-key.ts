/**
 * Nix's signing keys and signatures: ed25519 (RFC 8032).
 *
 *     secret key = name ":" base64 of 64 bytes, the seed and the public key
 *     public key = name ":" base64 of 32 bytes
 *     signature  = name ":" base64 of 64 bytes
 *
 * The name says which key to try; it is not empty and has no colon and no white space. Nix has the first two rules;
 * white space would not survive `trusted-public-keys`. Base64 has its padding; one newline may end a key, as files
 * of keys have it.
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import { CleaveError, encodeText, quote } from "../base/index.ts";

const seedSize = 32;
const publicSize = 32;

declare const secret: unique symbol;
declare const open: unique symbol;

/** Made by {@link parseSecretKey} and {@link makeSecretKey}. */
export type SecretKey = {
  readonly name: string;
  /** The 32 bytes that the rest is computed from. */
  readonly seed: Uint8Array;
  readonly publicKey: PublicKey;
  readonly key: KeyObject;
  readonly [secret]: true;
};

/** Made by {@link parsePublicKey}, or part of a secret key. */
export type PublicKey = {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly key: KeyObject;
  readonly [open]: true;
};

/** Make a secret key, from 32 random bytes unless a seed is given. Throws `signing-key-malformed` for the name. */
export function makeSecretKey(name: string, seed: Uint8Array = randomBytes(seedSize)): SecretKey {
  if (seed.length !== seedSize) throw new Error(`a seed has ${seedSize} bytes, not ${seed.length}`);
  checkName(name);
  // PKCS #8 around the seed (RFC 8410, section 7).
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = makePublicKey(name, spki.subarray(spki.length - publicSize));
  return { name, seed, publicKey, key } as SecretKey;
}

/** Read a secret key. Throws `signing-key-malformed`, which never shows the key. */
export function parseSecretKey(text: string): SecretKey {
  const { name, bytes } = parseKey("secret key", text, seedSize + publicSize);
  const made = makeSecretKey(name, bytes.subarray(0, seedSize));
  if (!Buffer.from(made.publicKey.bytes).equals(bytes.subarray(seedSize)))
    throw malformed(`the secret key ${quote(name)} has a public half that is not its own`);
  return made;
}

/** Write a secret key, without a newline. */
export function formatSecretKey({ name, seed, publicKey }: SecretKey): string {
  return `${name}:${Buffer.concat([seed, publicKey.bytes]).toString("base64")}`;
}

/** Read a public key. Throws `signing-key-malformed`. */
export function parsePublicKey(text: string): PublicKey {
  const { name, bytes } = parseKey("public key", text, publicSize);
  return makePublicKey(name, bytes);
}

/** Write a public key, without a newline. */
export function formatPublicKey({ name, bytes }: PublicKey): string {
  return `${name}:${Buffer.from(bytes).toString("base64")}`;
}

/** Sign a text, such as a narinfo's fingerprint. */
export function sign({ name, key }: SecretKey, text: string): string {
  return `${name}:${signBytes(null, encodeText(text), key).toString("base64")}`;
}

/** Give the key of `keys` that has the signature's name and that made it; `undefined` where none did. */
export function verify(keys: Iterable<PublicKey>, text: string, signature: string): PublicKey | undefined {
  const colon = signature.indexOf(":");
  const bytes = parseBase64(signature.slice(colon + 1));
  if (colon < 0 || bytes === undefined) return undefined;
  for (const each of keys)
    if (each.name === signature.slice(0, colon) && verifyBytes(null, encodeText(text), each.key, bytes))
      return each;
  return undefined;
}

function makePublicKey(name: string, bytes: Uint8Array): PublicKey {
  // SubjectPublicKeyInfo around the key (RFC 8410, section 4).
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes]);
  return { name, bytes, key: createPublicKey({ key: der, format: "der", type: "spki" }) } as PublicKey;
}

function parseKey(what: string, text: string, size: number): { name: string; bytes: Uint8Array } {
  const line = text.endsWith("\n") ? text.slice(0, -1) : text;
  const colon = line.indexOf(":");
  if (colon < 0) throw malformed(`the ${what} has no colon between its name and the rest`);
  const name = line.slice(0, colon);
  checkName(name);
  const bytes = parseBase64(line.slice(colon + 1));
  if (bytes === undefined) throw malformed(`the ${what} ${quote(name)} is not in base64`);
  if (bytes.length !== size)
    throw malformed(`the ${what} ${quote(name)} has ${bytes.length} bytes, not ${size}`);
  return { name, bytes };
}

function checkName(name: string): void {
  if (name === "" || /[\s:]/.test(name))
    throw malformed(`${quote(name)} is no name for a key: it is empty or has a colon or white space`);
}

function parseBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

function malformed(message: string): CleaveError {
  return new CleaveError({
    code: "signing-key-malformed",
    message,
    hint: "a key is one line NAME:BASE64, as `nix-store --generate-binary-cache-key` writes it",
  });
}
