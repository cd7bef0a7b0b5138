/**
 * From a fingerprint to a store path; `make-store-path.ts` says what fingerprints there are.
 *
 * To make a derivation takes five hashes. Digests as texts instead of bytes halve what they cost.
 */
import { hash } from "node:crypto";
import { encodeText } from "../base/index.ts";
import { writeBase32 } from "./base32.ts";
import { checkStorePathName, type StorePath, storeFolder } from "./store-path.ts";

/**
 * Compute the store path of a type, a sha256 in base16 and a name: the fingerprint's sha256, folded to 20 bytes, in
 * nix32. Throws `store-path-malformed` for the name.
 */
export function fingerprintPath(type: string, sha256: string, name: string): StorePath {
  const digest = hash("sha256", `${type}:sha256:${sha256}:${storeFolder}:${name}`, "latin1");
  for (let at = 0; at < 12; at += 1) folded[at] = digest.charCodeAt(at) ^ digest.charCodeAt(at + 20);
  for (let at = 12; at < 20; at += 1) folded[at] = digest.charCodeAt(at);
  checkStorePathName(name);
  writeBase32(folded, path, hashPartStart);
  return path.toString("latin1", 0, nameStart + path.write(name, nameStart, "latin1")) as StorePath;
}

const folded = new Uint8Array(20);
/** The path that is made: put together here it is one flat string, which is smaller and quicker than pieces joined. */
const path = Buffer.alloc(512);
const hashPartStart = path.write(`${storeFolder}/`, "latin1");
const nameStart = hashPartStart + 32 + path.write("-", hashPartStart + 32, "latin1");

/** Hash the bytes that a text stands for with sha256; gives base16. */
export function sha256Text(text: string): string {
  return hash("sha256", text.isWellFormed() ? text : encodeText(text), "hex");
}
