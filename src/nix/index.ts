/**
 * nix: Nix's formats: base32, hashes, store paths, NAR, and what is built on them.
 * Imports base. Pure, but for NARs of paths on disk (`nar/dump.ts`, `nar/restore.ts` and what these call).
 */
export { formatBase32, parseBase32 } from "./base32.ts";
export {
  type ContentAddress,
  formatContentAddress,
  makeContentAddressedPath,
  parseContentAddress,
} from "./content-address.ts";
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
export {
  type Derivation,
  type InputOutputs,
  isDynamic,
  type Output,
  type OutputMethod,
} from "./derivation/type.ts";
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
export { pathIn, systemPath, toRaw, walkTree } from "./nar/descent.ts";
export { type DumpOptions, dumpPath } from "./nar/dump.ts";
export { encodeNar, encoder, mostAtOnce, type NarTree } from "./nar/encode.ts";
export type { NarEvent } from "./nar/format.ts";
export { type HashedPath, type HashPathOptions, hashPath } from "./nar/hash-path.ts";
export {
  type Hashers,
  type SizedPath,
  startHashers,
  type Unhashed,
  usefulHashers,
} from "./nar/hash-paths.ts";
export { type ListOptions, listNar, readNarFile } from "./nar/list.ts";
export { type NarParser, narParser, parseNar } from "./nar/parser.ts";
export { removeTree } from "./nar/remove.ts";
export { restorePath } from "./nar/restore.ts";
export { type TreeForm, type TreeWriter, treeWriter } from "./nar/tree-writer.ts";
export {
  fingerprint,
  formatNarInfo,
  type NarInfo,
  parseNarInfo,
  type SignedFacts,
  signNarInfo,
  verifyNarInfo,
} from "./narinfo.ts";
export { makeReferenceScanner, type ReferenceScanner } from "./references.ts";
export { type ModuloHasher, makeModuloHasher, makeRewriter, type Rewriter } from "./rewrite.ts";
export {
  formatPublicKey,
  formatSecretKey,
  makeSecretKey,
  type PublicKey,
  parsePublicKey,
  parseSecretKey,
  type SecretKey,
  sign,
  verify,
} from "./signing-key.ts";
export {
  baseName,
  checkStorePathName,
  hashPart,
  isForeignStorePath,
  isStorePath,
  namePart,
  parseBaseName,
  parseForeignStorePath,
  parseStorePath,
  type StorePath,
  sortStorePaths,
  splitStorePath,
  storeFolder,
} from "./store-path.ts";
