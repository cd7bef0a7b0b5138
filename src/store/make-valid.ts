import type { StorePath } from "../nix/index.ts";
import { deleteTree } from "./delete-tree.ts";
import { realPathOf } from "./layout.ts";
import { lockPaths } from "./lock.ts";
import type { NewPath } from "./path-info.ts";
import { register } from "./register.ts";
import type { State } from "./state.ts";

/**
 * Make paths valid that are not, in one step: `make` puts the trees of those that it is given in their places and
 * says what they are.
 *
 * A temporary root first, then the locks beside the paths, what an earlier attempt left deleted, the trees made,
 * and only then registered. Killed before that, nothing is valid, and the next attempt or collection deletes what
 * is there; killed after it, all is done. Aborted before it, what was made is deleted.
 */
export async function makeValid(
  state: State,
  paths: readonly StorePath[],
  make: (missing: readonly StorePath[]) => Promise<readonly NewPath[]> | readonly NewPath[],
  signal?: AbortSignal,
): Promise<void> {
  const { layout, database, roots } = state;
  await roots.add(paths);
  const wanted = paths.filter((path) => !database.isValid(path));
  if (wanted.length === 0) return;
  const locks = await lockPaths(
    wanted.map((path) => realPathOf(layout, path)),
    { signal },
  );
  try {
    const missing = wanted.filter((path) => !database.isValid(path));
    const clean = () => {
      for (const path of missing) if (!database.isValid(path)) deleteTree(realPathOf(layout, path));
    };
    if (missing.length > 0) {
      clean();
      try {
        const made = await make(missing);
        signal?.throwIfAborted();
        await register(state, made);
      } catch (error) {
        clean();
        throw error;
      }
    }
  } finally {
    locks?.release({ remove: true });
  }
}
