/** What runs processes in sandboxes; `direct.ts` and `helped.ts` are two such things. */
import { CleaveError } from "../base/index.ts";
import type { EngineFacts } from "./engine.ts";
import type { SandboxSpec } from "./spec.ts";

export type SandboxesOptions = {
  /** A folder of the host's for this room's own files; what it puts there goes when it is closed. */
  readonly folder: string;
  /** Where the host's programs are looked for, apart by `:`. */
  readonly searchPath: string;
  /** The engine; without it the first that this machine has: direct, bubblewrap, unshare. */
  readonly engine?: EngineFacts["name"] | undefined;
};

export type Ending = {
  /** The exit code, or 128 and the signal's number where a signal ended the process. */
  readonly code: number;
  /** Whether {@link Sandboxed.kill} was called before the end. */
  readonly killed: boolean;
};

export type Sandboxed = {
  /**
   * Comes when no process of the sandbox is left and all its output was handed over. Rejects with
   * `sandbox-spec`, `sandbox-program`, `sandbox-setup` or `sandbox-unavailable`, and then nothing has run.
   */
  readonly ended: Promise<Ending>;
  /** End every process of the sandbox, whatever it does about signals. */
  readonly kill: () => void;
};

export type Sandboxes = AsyncDisposable & {
  /** Which engine is in use. Rejects with `sandbox-unavailable` or `sandbox-setup`. */
  readonly engine: Promise<EngineFacts>;
  /** Run a process; standard output and standard error are one pipe, which `output` gets piece by piece. */
  readonly run: (spec: SandboxSpec, output: (chunk: Uint8Array) => void) => Sandboxed;
  /** End all sandboxes and take away this room's files. */
  readonly close: () => Promise<void>;
};

/** 128 and SIGKILL's number. */
export const killedCode = 137;

/** Make the error of what is ended by closing. */
export function closedEarly(): CleaveError {
  return new CleaveError({
    code: "sandbox-setup",
    message: "the sandboxes were closed before this one ended",
    hint: "wait for what runs before closing",
  });
}
