/** Positions: where in the sources a module was made. Captured cheaply, worked out only when somebody asks. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Location } from "../base/index.ts";
import { parse, type Syntax } from "./syntax.ts";

/** What the runtime remembers of a call; it writes the text when that is read. */
type Trace = { readonly stack: string };

/** The place of a call, as yet unread. */
export class Origin {
  readonly #trace: Trace;
  #location: Location | undefined;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** Get file, line and column of the call, as far as the runtime tells. */
  get location(): Location {
    this.#location ??= readTrace(this.#trace.stack);
    return this.#location;
  }

  /** Get the parsed file of the call; `undefined` where it cannot be read. */
  get syntax(): Syntax | undefined {
    const { file } = this.location;
    return file === undefined ? undefined : syntaxOf(file);
  }
}

/** Remember who calls the function `callee`. */
export function captureOrigin(callee: (...args: never) => unknown): Origin {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  const trace = { stack: "" };
  Error.captureStackTrace(trace, callee);
  Error.stackTraceLimit = limit;
  return new Origin(trace);
}

/** Find where the calling code is in a file; `undefined` if it is not. */
export function callerIn(file: string): Location | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return stack
    .split("\n")
    .map(readFrame)
    .find((each) => each.file === file);
}

function readTrace(stack: string): Location {
  return readFrame(stack.split("\n").find((line) => line.startsWith("    at ")) ?? "");
}

function readFrame(frame: string): Location {
  const place = /\(([^()]*)\)$/.exec(frame)?.[1] ?? frame.replace(/^ {4}at (async )?/, "");
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(place) ?? [];
  if (file === undefined) return {};
  return {
    file: file.startsWith("file://") ? fileURLToPath(file) : file,
    line: Number(line),
    column: Number(column),
  };
}

const parsed = new Map<string, Syntax | undefined>();

function syntaxOf(file: string): Syntax | undefined {
  if (!parsed.has(file)) parsed.set(file, readSyntax(file));
  return parsed.get(file);
}

function readSyntax(file: string): Syntax | undefined {
  try {
    return parse(file, readFileSync(file, "utf8"));
  } catch {
    // Not a file, or not readable: the position of the call has to do.
    return undefined;
  }
}
