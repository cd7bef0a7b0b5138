/**
 * nix: Nix's formats, pure: base32, hashes, store paths, and what is built on them.
 * Imports base. Reads and writes no files.
 */
export { formatBase32, parseBase32 } from "./base32.ts";
export {
  type Graph,
  hashMasked,
  hashModulo,
  type Modulo,
  makeGraph,
} from "./derivation/hash-modulo.ts";
export {
  type DerivationJsonVersion,
  derivationJsonVersions,
  derivationsFromJson,
  formatDerivations,
  type JsonDerivation,
} from "./derivation/json.ts";
export {
  type Addressing,
  completeDerivation,
  type DerivationSpec,
  type MadeDerivation,
  makeDerivation,
} from "./derivation/make.ts";
export { parseDerivation } from "./derivation/parse-aterm.ts";
export { structuredAttrs } from "./derivation/structured-attrs.ts";
export type { Derivation, InputOutputs, Output, OutputMethod } from "./derivation/type.ts";
export { checkDerivation, derivationPath } from "./derivation/validate.ts";
export { formatDerivation } from "./derivation/write-aterm.ts";
export {
  compressHash,
  equalHash,
  formatHash,
  formatNamedHash,
  type Hash,
  type HashAlgorithm,
  type Hasher,
  type HashFormat,
  hashAlgorithms,
  hashBytes,
  makeHash,
  makeHasher,
  parseHash,
  parseHashAlgorithm,
} from "./hash.ts";
export {
  computedPlaceholder,
  type IngestionMethod,
  makeFixedOutputPath,
  makeOutputPath,
  makeTextPath,
  outputPathName,
  outputPlaceholder,
  type References,
  upstreamPlaceholder,
} from "./make-store-path.ts";
export { makeReferenceScanner, type ReferenceScanner } from "./references.ts";
export { type ModuloHasher, makeModuloHasher, makeRewriter, type Rewriter } from "./rewrite.ts";
export {
  baseName,
  checkStorePathName,
  hashPart,
  isStorePath,
  namePart,
  parseBaseName,
  parseStorePath,
  type StorePath,
  splitStorePath,
  storeFolder,
} from "./store-path.ts";
