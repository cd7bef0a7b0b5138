import type { ErrorCode } from "./codes.ts";
import { quote } from "./quote.ts";

/** The place that an error is about: a file or another source of bytes, and where in it. */
export type Location = {
  /** A path, or what stands for one, such as `standard input`. */
  readonly file?: string;
  /** Counted from 1. */
  readonly line?: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column?: number;
  /** In bytes from the start of the source. */
  readonly offset?: number;
};

type ErrorFacts = {
  readonly code: ErrorCode;
  /** One sentence with every fact that is needed, without a full stop. */
  readonly message: string;
  /** What to do about it, as one sentence without a full stop. */
  readonly hint?: string | undefined;
  readonly location?: Location | undefined;
  readonly cause?: unknown;
};

/**
 * What a user can cause and mend. It has a code with a page under `docs/errors/`; a bug in cleave stays a
 * plain `Error`.
 */
export class CleaveError extends Error {
  override readonly name = "CleaveError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly location: Location | undefined;

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.hint = facts.hint;
    this.location = facts.location;
  }

  /** Make the same error with a place: facts that are there already win over those of `location`. */
  at(location: Location): CleaveError {
    return withLocation(this, { ...location, ...this.location });
  }
}

// Outside of the class: a bundler renames a class that names itself, and the name is public.
function withLocation({ code, message, hint, cause }: CleaveError, location: Location): CleaveError {
  return new CleaveError({ code, message, hint, location, cause });
}

/** Write a location as `file:line:column, offset N`, with whatever of it is known. */
export function describeLocation(location: Location): string {
  const place = [
    location.file === undefined ? undefined : quote(location.file),
    location.line === undefined ? undefined : `${location.line}`,
    location.line === undefined || location.column === undefined ? undefined : `${location.column}`,
  ]
    .filter((part) => part !== undefined)
    .join(":");
  const offset = location.offset === undefined ? "" : `offset ${location.offset}`;
  return [place, offset].filter((part) => part !== "").join(", ");
}

/**
 * Write an error as a user sees it: code and message, place, causes that are coded errors too, hint, and the
 * command that explains the code. Lines end with `\n`, the last one too.
 */
export function describeError(error: CleaveError): string {
  const lines = [`error[${error.code}]: ${error.message}`];
  if (error.location !== undefined) lines.push(`  at ${describeLocation(error.location)}`);
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const label = cause instanceof CleaveError ? `because[${cause.code}]` : "because";
    lines.push(`  ${label}: ${cause.message}`);
    if (cause instanceof CleaveError && cause.location !== undefined)
      lines.push(`    at ${describeLocation(cause.location)}`);
  }
  if (error.hint !== undefined) lines.push(`  hint: ${error.hint}`);
  lines.push(`  more: cleave explain ${error.code}`);
  return `${lines.join("\n")}\n`;
}
