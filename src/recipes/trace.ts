/**
 * Traces: what was read of the world, and which packages were asked for, while something was loaded or evaluated. Whoever
 * reads records it; who wants to know opens a trace around the work.
 */
import type { Role } from "../package/index.ts";

/** A thing that was read: the content of a file, the names in a folder, where a link leads, or that there is nothing. */
export type Read = {
  readonly type: "file" | "folder" | "link" | "absent";
  /** Absolute. */
  readonly path: string;
  /** Of what was read; empty for what is absent. */
  readonly hash: string;
  readonly stamp?: string | undefined;
};

/** A package that was asked for, and the digest of the interface that it has. */
export type Dependency = { readonly attribute: string; readonly role: Role; readonly digest: string };

export class Trace {
  readonly #reads = new Map<string, Read>();
  readonly #dependencies = new Map<string, Dependency>();

  /** In the order in which they were first made. */
  get reads(): Iterable<Read> {
    return this.#reads.values();
  }
  get dependencies(): Iterable<Dependency> {
    return this.#dependencies.values();
  }

  /** Make one that goes its own way. */
  copy(): Trace {
    const copy = new Trace();
    for (const read of this.reads) copy.addRead(read);
    for (const each of this.dependencies) copy.addDependency(each);
    return copy;
  }

  addRead(read: Read): void {
    const key = `${read.type} ${read.path}`;
    if (!this.#reads.has(key)) this.#reads.set(key, read);
  }
  addDependency(dependency: Dependency): void {
    this.#dependencies.set(`${dependency.role} ${dependency.attribute}`, dependency);
  }
}

let current: Trace | undefined;

/** Run `work` with what it reads going to `trace`. */
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
  current?.addRead(read);
}

/** Record all reads of another trace in the one that is open. */
export function recordAll(trace: Trace): void {
  if (current !== undefined) for (const read of trace.reads) current.addRead(read);
}
