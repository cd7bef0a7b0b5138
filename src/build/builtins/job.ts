import type { BuiltinJob } from "../../fetch/index.ts";
import type { Found } from "../../sandbox/index.ts";

/** What a builder that is part of cleave is handed: what those of `fetch` are, and what looks at files as in a sandbox. */
export type Job = BuiltinJob & {
  /** Find what is at a path of the sandbox, with all links followed. */
  readonly view: (path: string) => Found;
  /** Give where an entry of a folder lies whose path has no links in it; the entry may be one. */
  readonly ownPath: (path: string) => string;
};
