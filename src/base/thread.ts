/** Threads. Not part of the room's index: few commands start one. */
import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { ownModule } from "./project.ts";

/** Start a module of `src/` in a thread of its own, which finds its compiled code where this one does. */
export function startThread(path: string, options: WorkerOptions): Worker {
  const cache = getCompileCacheDir();
  return new Worker(ownModule(path), {
    ...options,
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
  });
}
