import { getSystemErrorMessage } from "node:util";
import { CleaveError } from "./error.ts";

/**
 * Make a coded error (`file-failed`) of one that the system gave for an operation on a file: `doing` says what
 * was tried, as in `read`. An error that is not the system's is given back as it is.
 */
export function fileError(error: unknown, doing: string, file: string): unknown {
  const number = systemErrorNumber(error);
  if (number === undefined) return error;
  return new CleaveError({
    code: "file-failed",
    message: `cannot ${doing}: ${getSystemErrorMessage(number)}`,
    location: { file },
  });
}

function systemErrorNumber(error: unknown): number | undefined {
  return error instanceof Error && "errno" in error && typeof error.errno === "number" && "syscall" in error
    ? error.errno
    : undefined;
}
