/** What a phase fails with: a message for who reads the log, without a stack unless it is a mistake in the script. */
export class PhaseFailure extends Error {
  override readonly name = "PhaseFailure";
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Write a text for a message, so that spaces and control characters in it can be seen. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Write a list of names for a message, in the order given; `none` where there is none. */
export function listNames(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
