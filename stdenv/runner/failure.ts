/** What ends a group of phases early, told in the log without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly hint: string | undefined;
  /** The exit code of the runner. */
  readonly code: number;

  constructor(message: string, { hint, code = 1 }: { readonly hint?: string; readonly code?: number } = {}) {
    super(message);
    this.hint = hint;
    this.code = code;
  }
}

/** Write a failure as the log shows it. */
export function describeFailure({ message, hint }: Failure): string {
  return `cleave: ${message}\n${hint === undefined ? "" : `  hint: ${hint}\n`}`;
}
