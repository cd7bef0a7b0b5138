import type { ContentAddress, Hash, StorePath } from "../nix/index.ts";

/** What a store knows of a valid path. */
export type PathInfo = {
  readonly path: StorePath;
  /** The SHA-256 of its NAR. */
  readonly narHash: Hash;
  /** In bytes. */
  readonly narSize: number;
  /** In the order of their bytes, each once; itself among them if it refers to itself. */
  readonly references: readonly StorePath[];
  /** The derivation that it came from, which need not be valid. */
  readonly deriver?: StorePath | undefined;
  /** When it became valid, in seconds since 1970. */
  readonly registered: number;
  /** Whether it was built here, by itself a reason to trust it. */
  readonly ultimate: boolean;
  readonly signatures: readonly string[];
  /** How the path follows from its content, if it does. */
  readonly contentAddress?: ContentAddress | undefined;
};

/** A path to be registered. Its registration time is now where it says none. */
export type NewPath = Pick<PathInfo, "path" | "narHash" | "narSize" | "references"> & Partial<PathInfo>;
