/**
 * Every error code, by room, with the title of its page in `docs/errors/`.
 *
 * A code names what is wrong, not who found it. It is never reused for another meaning.
 */
export const codes = {
  // base
  "text-lone-surrogate": "A text holds half of a surrogate pair",

  // nix
  "hash-malformed": "A hash cannot be read",
  "store-path-malformed": "A store path or its name is not valid",

  // cli
  "cli-unknown-command": "There is no such command",
  "cli-usage": "The command does not take these arguments",
  "cli-unknown-code": "There is no such error code",
} as const;

/** One of the codes that a user can meet. */
export type ErrorCode = keyof typeof codes;
