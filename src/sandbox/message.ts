/** What the room's two halves say to each other: `sandboxes.ts` in the caller's process and `helper.ts` in its own. */
import { CleaveError, type ErrorCode, type Location } from "../base/index.ts";
import type { Ended, EngineFacts } from "./engine.ts";
import type { SandboxSpec } from "./spec.ts";

/** How the helper is set up, as its only argument, in JSON. */
export type Setup = {
  /** A folder of its own, which is there and empty. */
  readonly folder: string;
  /** Where programs are looked for, apart by `:`. */
  readonly searchPath: string;
  readonly engine: EngineFacts["name"] | undefined;
};

export type Request =
  /** `output` is a named pipe that the caller has open for reading and for writing until it ended. */
  | { readonly type: "run"; readonly id: number; readonly spec: SandboxSpec; readonly output: string }
  | { readonly type: "kill"; readonly id: number };

export type Answer =
  | { readonly type: "ready"; readonly engine: EngineFacts }
  | { readonly type: "unavailable"; readonly error: SentError }
  | { readonly type: "refused"; readonly id: number; readonly error: SentError }
  | ({ readonly type: "ended"; readonly id: number } & Ended);

/** An error as plain data; `code` is absent for a bug. */
export type SentError = {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  readonly location: Location | undefined;
  readonly cause: string | undefined;
};

export function sendError(error: unknown): SentError {
  const known = error instanceof CleaveError ? error : undefined;
  return {
    code: known?.code,
    message: error instanceof Error ? (known?.message ?? error.stack) || error.message : String(error),
    hint: known?.hint,
    location: known?.location,
    cause: error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined,
  };
}

export function receiveError({ code, message, hint, location, cause }: SentError): Error {
  const because = cause === undefined ? {} : { cause: new Error(cause) };
  return code === undefined
    ? new Error(message, because)
    : new CleaveError({ code, message, hint, location, ...because });
}
