import type { KnownInput, SandboxSpec } from "./spec.ts";

/** What is known of the engine in use, and in what engines differ. */
export type EngineFacts = {
  readonly name: "direct" | "bubblewrap" | "unshare";
  /** Whether system calls are filtered (`src/sandbox/filter.ts`), as they are where a filter for the machine is known. */
  readonly filter: boolean;
};

/** Everything that an engine needs to know of one sandbox. */
export type Job = {
  readonly spec: SandboxSpec;
  readonly inputs: readonly KnownInput[];
  /** The root of this kind of sandbox, made by `makeRoot`. */
  readonly root: string;
  /** A path that no other job has, for files to be put beside it. */
  readonly prefix: string;
  /** The named pipe that output goes to. Somebody has it open for reading and for writing as long as the job runs. */
  readonly output: string;
};

/** What a worker has to start. Descriptor 3 is the engine's status pipe. */
export type Launch = {
  readonly command: readonly string[];
  /** Files to be opened for reading as descriptors 4, 5, ... */
  readonly descriptors: readonly string[];
  /** Files of this job, to be deleted after it. */
  readonly files: readonly string[];
};

/** How a started engine ended. */
export type Ended = {
  /** Exit code, or 128 and the signal's number. */
  readonly code: number;
  /** What was written to the status pipe; of `direct`, why nothing has run. */
  readonly status: string;
};

/** A job that was started. */
export type Running = {
  /** Comes when no process of the job is left; never rejects. */
  readonly ended: Promise<Ended>;
  /** End every process of the job, soon. */
  readonly kill: () => void;
};

export type Engine = {
  readonly name: EngineFacts["name"];
  /** Start a job. Throws where nothing could be started. */
  readonly start: (job: Job) => Running;
};

/** An engine that is a program, which `worker.ts` starts. */
export type ProgramEngine = {
  readonly name: EngineFacts["name"];
  /** Write the files of a job and say what to start. */
  readonly prepare: (job: Job) => Launch;
};

/**
 * Say why an engine ended without having run the process, or undefined where it has run. `output` is the
 * beginning of what came out of it, at least 4 KiB.
 */
export function whyNotRun(
  name: EngineFacts["name"],
  { code, status }: Ended,
  output: string,
): string | undefined {
  switch (name) {
    case "direct":
      return status === "" ? undefined : status;
    case "bubblewrap":
      // Its exit code is reported only for a process that was started.
      return status.includes('"exit-code"')
        ? undefined
        : `${status.replace(/^\{.*\}$/gm, "").trim()}${output.trim()}`;
    case "unshare": {
      const shell = /^ready (.+)$/m.exec(status)?.[1];
      if (shell === undefined) return status.trim() || output.trim();
      // The last two programs of the chain share the process's output.
      const ours = output.startsWith(`${shell}: `) || output.startsWith(`${starter}: `);
      return ours && [1, 126, 127].includes(code) ? output.trim() : undefined;
    }
  }
}

/** The name under which the last program of `unshare`'s chain says what went wrong. */
export const starter = "cleave-sandbox";
