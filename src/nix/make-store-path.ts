/**
 * Every way in which Nix computes a store path.
 *
 *     hash part   = nix32 of sha256(fingerprint), folded to 20 bytes
 *     fingerprint = type ":" "sha256:" base16 ":/nix/store:" name
 *     type        = "text" (":" store path)*                            of a text's hash
 *                 | "source" (":" store path)* [ ":self" ]              of a NAR's sha256
 *                 | "output:out"                                        of the hash of inner
 *                 | "output:" output name                               of a derivation's hash modulo
 *     inner       = "fixed:out:" [ "r:" ] algorithm ":" base16 ":"      every other fixed or floating output
 *
 * Store paths stand in the order of their bytes, each once. A placeholder stands for a path that is not known
 * yet; it is a slash and 52 digits of nix32.
 */
import { formatBase32, parseBase32 } from "./base32.ts";
import { fingerprintPath } from "./fingerprint.ts";
import { compressHash, formatHash, formatNamedHash, type Hash, hashBytes, makeHash } from "./hash.ts";
import { hashPart, namePart, type StorePath, sortStorePaths } from "./store-path.ts";

/** What of a file or tree is hashed: the bytes of one file, or the NAR of whatever it is. */
export type IngestionMethod = "flat" | "recursive";

/** What a path refers to, as far as its content decides on the path. */
export type References = {
  readonly references?: Iterable<StorePath>;
  /** Whether it refers to itself. */
  readonly self?: boolean;
};

/** Compute the path of a text (`builtins.toFile`, a `.drv`) from the sha256 of its bytes. */
export function makeTextPath(name: string, hash: Hash, references: Iterable<StorePath> = []): StorePath {
  if (hash.algorithm !== "sha256") throw new Error(`the path of a text needs sha256, not ${hash.algorithm}`);
  return makePath(typeOf("text", { references }), hash, name);
}

/**
 * Compute the path of content by its hash: sources, fixed outputs and floating content-addressed outputs. The
 * hash of what refers to itself is taken modulo its own hash part (`rewrite.ts`). Only the recursive sha256 can
 * have references; to give others some is a bug of the caller.
 */
export function makeFixedOutputPath(
  name: string,
  method: IngestionMethod,
  hash: Hash,
  references: References = {},
): StorePath {
  if (method === "recursive" && hash.algorithm === "sha256")
    return makePath(typeOf("source", references), hash, name);
  if (references.self === true || [...(references.references ?? [])].length > 0)
    throw new Error(`a ${method} ${hash.algorithm} path cannot have references`);
  const inner = `fixed:out:${method === "recursive" ? "r:" : ""}${formatNamedHash(hash, "base16")}:`;
  return makePath("output:out", hashBytes("sha256", inner), name);
}

/** Compute the path of an input-addressed output from the hash modulo of its derivation. */
export function makeOutputPath(derivationName: string, outputName: string, hashModulo: Hash): StorePath {
  return makePath(`output:${outputName}`, hashModulo, outputPathName(derivationName, outputName));
}

/** Give the name of an output's path: the derivation's, with `-` and the output's name unless that is `out`. */
export function outputPathName(derivationName: string, outputName: string): string {
  return outputName === "out" ? derivationName : `${derivationName}-${outputName}`;
}

/** Give what stands for a derivation's own output while its path is not known (`builtins.placeholder`). */
export function outputPlaceholder(outputName: string): string {
  return placeholder(`nix-output:${outputName}`);
}

/** Give what stands for an output of another derivation whose path is known only when it is built. */
export function upstreamPlaceholder(derivation: StorePath, outputName: string): string {
  const name = namePart(derivation);
  if (!name.endsWith(".drv")) throw new Error(`${derivation} is no derivation`);
  const output = outputPathName(name.slice(0, -".drv".length), outputName);
  return placeholder(`nix-upstream-output:${hashPart(derivation)}:${output}`);
}

/**
 * Give what stands for an output of a derivation that is itself made by a derivation (dynamic derivations).
 * `derivation` is the placeholder of that inner derivation's path.
 */
export function computedPlaceholder(derivation: string, outputName: string): string {
  const digest = derivation.startsWith("/") ? parseBase32(derivation.slice(1), 32) : undefined;
  if (digest === undefined) throw new Error(`${derivation} is no placeholder`);
  const compressed = formatBase32(compressHash(makeHash("sha256", digest)));
  return placeholder(`nix-computed-output:${compressed}:${outputName}`);
}

function placeholder(text: string): string {
  return `/${formatHash(hashBytes("sha256", text), "nix32")}`;
}

function typeOf(type: string, { references = [], self = false }: References): string {
  return [type, ...sortStorePaths(references), ...(self ? ["self"] : [])].join(":");
}

function makePath(type: string, hash: Hash, name: string): StorePath {
  return fingerprintPath(type, formatHash(hash, "base16"), name);
}
