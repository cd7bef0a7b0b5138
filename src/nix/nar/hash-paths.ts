import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startThread } from "../../base/thread.ts";
import { type HashedPath, hashPath } from "./hash-path.ts";
import { drawPath, hashedAt, makeHashTable, progressOf, putFailed, putHashed } from "./hash-table.ts";
import type { HashWork } from "./hash-worker.ts";
import { longestTurn, nextTurn } from "./turn.ts";

/** A file, folder or symlink on disk, a byte string, and about how large its NAR is. */
export type SizedPath = { readonly file: string; readonly narSize: number };

/** Why a path could not be hashed. */
export type Unhashed = { readonly error: unknown };

/** Threads that hash many paths, this one among them. */
export type Hashers = Disposable & {
  /**
   * Hash the NARs of paths by SHA-256. Gives each, in order, with what `hashPath` gives or throws.
   * One list at a time.
   */
  readonly hash: <P extends SizedPath>(
    paths: readonly P[],
  ) => AsyncGenerator<readonly [P, HashedPath | Unhashed]>;
};

const mostThreads = 8;
/** How long hashing takes, in milliseconds, and what is worth to start a thread for, which takes about 20. */
const millisecondsPerPath = 0.02;
const millisecondsPerByte = 0.6e-6;
const leastMilliseconds = 40;

/** Say how many threads are worth starting for paths, beside the one that there is. */
export function usefulHashers(paths: readonly SizedPath[]): number {
  const times = paths.map(({ narSize }) => millisecondsPerPath + narSize * millisecondsPerByte);
  const all = times.reduce((sum, time) => sum + time, 0);
  // One path is hashed by one thread.
  const shared = all - times.reduce((most, time) => Math.max(most, time), 0);
  return Math.min(mostThreads - 1, availableParallelism() - 1, Math.floor(shared / leastMilliseconds));
}

/** Start so many threads beside this one. */
export function startHashers(count: number): Hashers {
  let lost = false;
  const workers = Array.from({ length: count }, (): Worker => {
    const worker = startThread("nix/nar/hash-worker.ts", {});
    worker.unref();
    // Whatever made it end, what it had is hashed here.
    worker.on("error", () => {});
    worker.on("exit", () => {
      lost = true;
    });
    return worker;
  });

  async function* hash<P extends SizedPath>(
    paths: readonly P[],
  ): AsyncGenerator<readonly [P, HashedPath | Unhashed]> {
    const table = makeHashTable(paths.length);
    const work: HashWork = { memory: table.memory, files: paths.map(({ file }) => file) };
    for (const worker of workers) worker.postMessage(work);
    const total = paths.reduce((sum, { narSize }) => sum + narSize, 0);
    let given = 0;
    let turned = performance.now();
    for (const path of paths) {
      while (progressOf(table, given) === "pending") {
        const index = drawPath(table);
        const drawn = index === undefined ? undefined : paths[index];
        if (index === undefined || drawn === undefined) {
          // Another thread is at work on it, or was until it ended.
          if (lost) break;
          if (progressOf(table, given, 5) === "pending") await nextTurn();
          continue;
        }
        try {
          // What is larger than all others together is read by a second thread.
          const threads = workers.length === 0 || drawn.narSize * 2 > total ? "auto" : "never";
          putHashed(table, index, await hashPath(drawn.file, { threads }));
        } catch {
          putFailed(table, index);
        }
        if (performance.now() - turned > longestTurn) {
          await nextTurn();
          turned = performance.now();
        }
      }
      yield [path, progressOf(table, given) === "hashed" ? hashedAt(table, given) : await hashAgain(path)];
      given += 1;
    }
  }

  /** Hash what could not be hashed before, to have the error. */
  async function hashAgain({ file }: SizedPath): Promise<HashedPath | Unhashed> {
    try {
      return await hashPath(file);
    } catch (error) {
      return { error };
    }
  }

  return {
    hash,
    [Symbol.dispose]() {
      for (const worker of workers) worker.terminate();
    },
  };
}
