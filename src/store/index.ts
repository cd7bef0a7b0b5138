/**
 * store: the local store: adding, asking, locks, garbage collection, verification.
 * Imports base and nix. Reads and writes the store's folder, and says what it does through events.
 */
export { canonicalise } from "./canonical.ts";
export type { Collected, CollectOptions } from "./collect.ts";
export type { Outputs } from "./database.ts";
export { findRoot } from "./find-root.ts";
export { type LocalStore, type OpenOptions, openLocalStore } from "./local-store.ts";
export type { PathLocks, Waiting } from "./lock.ts";
export { orderByReferences } from "./order.ts";
export type { NewPath, PathInfo } from "./path-info.ts";
export type { Roots } from "./roots.ts";
export type { AddNarOptions, AddTreeOptions, Bytes, NewNar, Store, Text } from "./store.ts";
export type { VerifyFault, VerifyOptions } from "./verify.ts";
