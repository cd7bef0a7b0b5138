/**
 * Content addresses: how the content of a store path decided on the path.
 *
 *     content address = "text:" hash | "fixed:" [ "r:" ] hash
 *     hash            = algorithm ":" nix32, for a text sha256; base16 and base64 are read too
 *
 * It stands in narinfos and in a store's database. Current Nix has `fixed:git:` as an experiment; here it is an
 * error.
 */
import { CleaveError, quote } from "../base/index.ts";
import { formatNamedHash, type Hash, parseHash } from "./hash.ts";
import {
  type IngestionMethod,
  makeFixedOutputPath,
  makeTextPath,
  type References,
} from "./make-store-path.ts";
import type { StorePath } from "./store-path.ts";

export type ContentAddress = {
  /** A text may have references that its bytes name; otherwise what of a file or tree is hashed. */
  readonly method: "text" | IngestionMethod;
  readonly hash: Hash;
};

/** Read a content address. Throws `content-address-malformed`. */
export function parseContentAddress(text: string): ContentAddress {
  const refuse = (what: string, cause?: unknown) =>
    new CleaveError({
      code: "content-address-malformed",
      message: `the content address ${quote(text)} ${what}`,
      hint: "a content address is text:HASH, fixed:HASH or fixed:r:HASH, as in fixed:r:sha256:...",
      cause,
    });
  const match = /^(text:|fixed:(?:r:)?)(.*)$/s.exec(text);
  if (match === null) throw refuse("starts with neither text: nor fixed:");
  const [, prefix = "", rest = ""] = match;
  if (!rest.includes(":")) throw refuse("has no algorithm and colon before its hash");
  const method = prefix === "text:" ? "text" : prefix === "fixed:" ? "flat" : "recursive";
  let hash: Hash;
  try {
    hash = parseHash(rest);
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    throw refuse("has no hash that can be read", error);
  }
  if (method === "text" && hash.algorithm !== "sha256")
    throw refuse(`is of a text, which has sha256, not ${hash.algorithm}`);
  return { method, hash };
}

/** Write a content address. */
export function formatContentAddress({ method, hash }: ContentAddress): string {
  const prefix = { text: "text:", flat: "fixed:", recursive: "fixed:r:" }[method];
  return prefix + formatNamedHash(hash, "nix32");
}

/**
 * Compute the path that content of this address has. References where there cannot be any (flat, or recursive
 * with another algorithm than sha256; of a text to itself) are a bug of the caller.
 */
export function makeContentAddressedPath(
  name: string,
  { method, hash }: ContentAddress,
  references: References = {},
): StorePath {
  if (method !== "text") return makeFixedOutputPath(name, method, hash, references);
  if (references.self === true) throw new Error("a text cannot refer to itself");
  return makeTextPath(name, hash, references.references);
}
