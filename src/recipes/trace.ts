/**
 * Traces: what was read of the world while something was loaded or evaluated. Whoever reads records it; who wants to
 * know opens a trace around the work.
 */

/** A thing that was read, by its absolute path, and what it was. */
export type Read =
  | { readonly type: "file"; readonly path: string; readonly hash: string }
  /** The names in a folder. */
  | { readonly type: "folder"; readonly path: string; readonly hash: string }
  | { readonly type: "absent"; readonly path: string };

/** Reads by their type and path. */
export type Trace = Map<string, Read>;

let current: Trace | undefined;

/** Run `work` with its reads going to `trace`. */
export function tracing<T>(trace: Trace, work: () => T): T {
  const before = current;
  current = trace;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Record a read in the trace that is open. */
export function record(read: Read): void {
  current?.set(`${read.type} ${read.path}`, read);
}

/** Record all of another trace in the one that is open. */
export function recordAll(trace: Trace): void {
  if (current === undefined) return;
  for (const [key, read] of trace) current.set(key, read);
}
