/** What the tools of a build find in their environment: the same everywhere, so that they do the same everywhere. */
import type { Phase } from "cleave/phase";

/** What every phase reads that starts tools. */
export type ToolData = {
  /** The shell that scripts and makefiles are run by: an absolute path. There is no `/bin/sh` in a build. */
  readonly shell: string;
  /** Variables for tools, beside and before those that {@link toolEnvironment} sets. */
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Make the environment of tools: `PATH` of the phase's tools, the shell, a fixed locale, time zone and date (that of the phase
 * clock's start), a home that is not there, and what the data says.
 */
export function toolEnvironment(phase: Phase<ToolData>): Record<string, string> {
  return {
    PATH: phase.path(),
    SHELL: phase.data.shell,
    CONFIG_SHELL: phase.data.shell,
    HOME: "/homeless-shelter",
    LC_ALL: "C",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: "315619200",
    TMPDIR: phase.temporaryDirectory,
    ...phase.data.env,
  };
}

/** Give a path below the work tree, or the work tree itself for `null`. */
export function inWorkTree(phase: Phase<unknown>, directory: string | null): string {
  return directory === null ? phase.workDirectory : `${phase.workDirectory}/${directory}`;
}

/** Write the last lines of those of these files that there are to the log. */
export function showEnds(phase: Phase<unknown>, files: readonly string[], lines: number): void {
  for (const file of files) {
    const text = phase.read(file).trimEnd().split("\n");
    phase.log(`--- ${file}${text.length > lines ? ` (its last ${lines} lines)` : ""}`);
    for (const line of text.slice(-lines)) phase.log(line);
  }
}
