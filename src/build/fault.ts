import { fileError } from "../base/index.ts";
import { asStoreError } from "../store/fault.ts";
import type { LocalStore } from "../store/index.ts";

/** Give the coded error for one that came while something was done in a store, as in `build X`; a bug stays what it is. */
export function codedError(error: unknown, doing: string, store: LocalStore): unknown {
  const known = asStoreError(error, store);
  const file = known instanceof Error && "path" in known ? String(known.path) : store.root;
  return fileError(known, doing, file);
}
