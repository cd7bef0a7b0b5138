/** Positions: where in the sources a module was made. Captured cheaply, worked out only when somebody asks. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";
import type { Location } from "../base/error.ts";
import { parse, type Syntax } from "./syntax.ts";
import { writtenAs } from "./written.ts";

/**
 * A file whose code the runtime knows by no name, as that of a compartment: what to call it, and how to get its
 * text, which is asked for when a position is.
 */
export type SourceFile = {
  readonly file: string;
  readonly read: () => string;
  /** Translate a position in the code that runs to one in the file, where these differ. */
  readonly locate?: (line: number, column: number) => Location;
};

/** What the runtime remembers of a call; it writes the text when that is read. */
type Trace = { readonly stack: string };

/** The place of a call, worked out on demand. */
export class Origin {
  #trace: Trace | undefined;
  #source: SourceFile | undefined;
  #location: Location | undefined = undefined;

  /** With `source`, the runtime knows the file of the call by no name. */
  constructor(place: Trace | Location, source?: SourceFile) {
    if ("stack" in place) this.#trace = place;
    else this.#location = place;
    this.#source = source;
  }

  /** Get file, line and column of the call, as far as the runtime tells. */
  get location(): Location {
    this.#location ??= this.#traced();
    this.#trace = undefined;
    return this.#location;
  }

  #traced(): Location {
    const { stack = "" } = this.#trace ?? {};
    if (this.#source !== undefined) {
      const location = { ...readTrace(stack, own), file: this.#source.file };
      return { ...location, ...translated(location, this.#source) };
    }
    const location = readTrace(stack);
    const written = writtenAs(location);
    if (written === undefined) return location;
    this.#source = written.source;
    return written.location;
  }

  /** Get the parsed file of the call; `undefined` where it cannot be read. */
  get syntax(): Syntax | undefined {
    const { file } = this.location;
    return file === undefined ? undefined : syntaxOf(this.#source ?? file);
  }
}

function translated({ line, column }: Location, source: SourceFile | undefined): Location {
  if (line === undefined || column === undefined) return {};
  return source?.locate?.(line, column) ?? {};
}

let here: SourceFile | undefined;

/** Run `body`, in which calls come from a file. */
export function inSource<T>(source: SourceFile, body: () => T): T {
  const before = here;
  here = source;
  try {
    return body();
  } finally {
    here = before;
  }
}

/** Get the file that calls come from, where that had to be said. */
export function currentSource(): SourceFile | undefined {
  return here;
}

/** Remember who calls the function `callee`; in which file, where the runtime cannot tell. */
export function captureOrigin(
  callee: (...args: never) => unknown,
  source: SourceFile | undefined = here,
): Origin {
  // Where a source is known, functions of this folder may stand between.
  return new Origin(captureTrace(source === undefined ? 1 : 7, callee), source);
}

/** Capture so many frames of the stack, from the caller of `callee` on. Not of an error: an evaluation of recipes hides the stacks of those. */
function captureTrace(frames: number, callee?: (...args: never) => unknown): Trace {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = frames;
  const trace = { stack: "" };
  Error.captureStackTrace(trace, callee);
  Error.stackTraceLimit = limit;
  return trace;
}

/** Find the nearest call that is not in this folder; `undefined` where the runtime knows its file by no name. */
export function callerOutside(): Location | undefined {
  // Most calls come from near by, and each frame costs.
  const site = getCallSites(7).find(isOutside) ?? getCallSites(12).find(isOutside);
  if (site === undefined || site.scriptName === "") return undefined;
  return { file: pathOf(site.scriptName), line: site.lineNumber, column: site.columnNumber };
}

const own = new URL(".", import.meta.url).href;

function isOutside({ scriptName }: { readonly scriptName: string }): boolean {
  return !scriptName.startsWith(own);
}

/** Find where the calling code is in a file; `undefined` if it is not. */
export function callerIn(file: string): Location | undefined {
  return captureTrace(30, callerIn)
    .stack.split("\n")
    .map(readFrame)
    .find((each) => each.file === file);
}

/** Read the first place of a stack that is not in the folder `except`. */
function readTrace(stack: string, except?: string): Location {
  const isFrame = (line: string): boolean =>
    line.startsWith("    at ") && (except === undefined || !line.includes(except));
  return readFrame(stack.split("\n").find(isFrame) ?? "");
}

function readFrame(frame: string): Location {
  const place = /\(([^()]*)\)$/.exec(frame)?.[1] ?? frame.replace(/^ {4}at (async )?/, "");
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(place) ?? [];
  if (file === undefined) return {};
  return { file: pathOf(file), line: Number(line), column: Number(column) };
}

/** The path of a script, which the runtime names by URL if it is a module. */
function pathOf(script: string): string {
  return script.startsWith("file://") ? fileURLToPath(script) : script;
}

const parsed = new Map<string, Syntax | undefined>();
/** Those that were given may be as many as there are evaluations of recipes. */
const parsedGiven = new WeakMap<SourceFile, Syntax | undefined>();

function syntaxOf(source: string | SourceFile): Syntax | undefined {
  if (typeof source === "string") {
    if (!parsed.has(source)) parsed.set(source, readSyntax(source));
    return parsed.get(source);
  }
  if (!parsedGiven.has(source)) parsedGiven.set(source, readSyntax(source));
  return parsedGiven.get(source);
}

function readSyntax(source: string | SourceFile): Syntax | undefined {
  try {
    return typeof source === "string"
      ? parse(source, readFileSync(source, "utf8"))
      : parse(source.file, source.read());
  } catch {
    // Not a file, or not readable: the position of the call has to do.
    return undefined;
  }
}
