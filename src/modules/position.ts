/** Positions: where in the sources a module was made. Captured cheaply, worked out only when somebody asks. */
import { fileURLToPath } from "node:url";
import type { Location } from "../base/index.ts";

/** The place of a call, as yet unread. */
export class Origin {
  readonly #trace: Error;
  #location: Location | undefined;

  constructor(trace: Error) {
    this.#trace = trace;
  }

  /** Get file, line and column of the call, as far as the runtime tells. */
  get location(): Location {
    this.#location ??= readTrace(this.#trace.stack ?? "");
    return this.#location;
  }
}

/** Remember who calls the function `callee`. */
export function captureOrigin(callee: (...args: never) => unknown): Origin {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  const trace = new Error();
  Error.captureStackTrace(trace, callee);
  Error.stackTraceLimit = limit;
  return new Origin(trace);
}

function readTrace(stack: string): Location {
  const [, file, line, column] = /\(?((?:file:\/\/|\/|\w).*?):(\d+):(\d+)\)?$/m.exec(frameOf(stack)) ?? [];
  if (file === undefined) return {};
  return {
    file: file.startsWith("file://") ? fileURLToPath(file) : file,
    line: Number(line),
    column: Number(column),
  };
}

function frameOf(stack: string): string {
  const line = stack.split("\n").find((each) => each.startsWith("    at ")) ?? "";
  return /\(([^()]*)\)$/.exec(line)?.[1] ?? line.replace("    at ", "").replace(/^async /, "");
}
