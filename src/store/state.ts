import type { Emit } from "../base/index.ts";
import type { Derivation, Graph, StorePath } from "../nix/index.ts";
import type { Database } from "./database.ts";
import type { Layout } from "./layout.ts";
import type { TemporaryRoots } from "./temporary-roots.ts";

/** What an open local store is made of; each of its operations takes this. */
export type State = {
  readonly layout: Layout;
  readonly database: Database;
  readonly roots: TemporaryRoots;
  /** The derivations in the store, and what was computed of them so far. */
  readonly graph: Graph;
  /** Derivations that are being added, which need not be read back. */
  readonly fresh: Map<StorePath, Derivation>;
  readonly emit: Emit;
  /** The time in seconds since 1970. */
  readonly now: () => number;
};
