import type { Derivation, HashAlgorithm, IngestionMethod, StorePath } from "../nix/index.ts";
import type { Outputs } from "./database.ts";
import type { PathInfo } from "./path-info.ts";

/** Bytes that come in chunks; each is good until the next is asked for. */
export type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * A store: what is valid, and how something becomes so.
 *
 * Whatever is added or asked for with `keep` is safe from collectors until the store is closed. Where a method
 * takes a path that must be valid, it throws `store-invalid-path` for one that is not.
 */
export type Store = AsyncDisposable & {
  /** Say which of some paths are valid. */
  readonly validPaths: (paths: Iterable<StorePath>) => Promise<ReadonlySet<StorePath>>;
  /** List all valid paths, in the order of their bytes. */
  readonly allPaths: () => Promise<StorePath[]>;
  /** Give what is known of a path, nothing where it is not valid. */
  readonly info: (path: StorePath) => Promise<PathInfo | undefined>;
  /** Give what is known of a valid path. */
  readonly requireInfo: (path: StorePath) => Promise<PathInfo>;
  /** List the valid paths that refer to a path, in the order of their bytes. */
  readonly referrers: (path: StorePath) => Promise<StorePath[]>;
  /** List some valid paths and all that they refer to, or all that refers to them, each path before its referrers. */
  readonly closure: (
    paths: Iterable<StorePath>,
    direction?: "references" | "referrers",
  ) => Promise<StorePath[]>;
  /** List the valid derivations that make a path. */
  readonly derivers: (path: StorePath) => Promise<StorePath[]>;
  /** Give the outputs of a valid derivation whose paths are known, by name. */
  readonly derivationOutputs: (derivation: StorePath) => Promise<Outputs>;
  /** Find the valid path with a hash part. */
  readonly pathFromHashPart: (hashPart: string) => Promise<StorePath | undefined>;

  /** Keep paths, valid or not yet, from every collector until the store is closed. */
  readonly addTemporaryRoots: (paths: Iterable<StorePath>) => Promise<void>;
  /** Add a text, such as a `.drv`; what it refers to must be valid. */
  readonly addText: (text: Text) => Promise<StorePath>;
  /** Add many texts, each after those that it refers to, in few transactions. */
  readonly addTexts: (texts: Iterable<Text>) => Promise<StorePath[]>;
  /**
   * Add a file or tree, a byte string, without references. Throws `nar-file-changed`, and what reading a NAR
   * off the disk throws.
   */
  readonly addTree: (source: string, options: AddTreeOptions) => Promise<StorePath>;
  /** Add the tree of a NAR, without references. */
  readonly addContent: (nar: Bytes, options: AddNarOptions) => Promise<StorePath>;
  /**
   * Add derivations in any order; what they need must be among them or valid. Gives their paths, in the order in
   * which they came.
   */
  readonly addDerivations: (derivations: Iterable<Derivation>) => Promise<StorePath[]>;
  /** Add a path with its NAR. Throws `store-hash-mismatch` if it is another one. */
  readonly addNar: (info: NewNar, nar: Bytes) => Promise<void>;
  /** Give the NAR of a valid path, in chunks that are good until the next is asked for. */
  readonly nar: (path: StorePath) => AsyncIterable<Buffer>;
};

export type Text = {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly references?: Iterable<StorePath>;
};

export type AddNarOptions = {
  readonly name: string;
  /** `sha256` where it says nothing. */
  readonly algorithm?: HashAlgorithm;
  /** Aborted, what was made so far is deleted, and its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
};

export type AddTreeOptions = AddNarOptions & {
  /** `recursive` where it says nothing. */
  readonly method?: IngestionMethod;
};

/** A path whose NAR comes with it: what is registered, but for the time. */
export type NewNar = Omit<PathInfo, "registered" | "ultimate">;
