/** What build, check and install have in common: `make`, with the shell that it needs to be told. */
import type { Phase } from "cleave/phase";
import { inWorkTree, type ToolData, toolEnvironment } from "./environment.ts";

/** What a phase reads that runs `make`. */
export type MakeData = ToolData & {
  /** Where it runs, from the work tree; `null` for the work tree itself. */
  readonly directory: string | null;
  /** The makefile, from there; `null` for the one that `make` finds. */
  readonly makefile: string | null;
  /** What is made; the makefile's first goal where there is none. */
  readonly targets: readonly string[];
  /** Variables as `name=value`, and options. */
  readonly flags: readonly string[];
  /** Whether as many jobs run beside each other as there are cores. */
  readonly parallel: boolean;
};

/** Run `make`, with options of the phase's own for when jobs run beside each other. */
export async function runMake(phase: Phase<MakeData>, whenParallel: readonly string[] = []): Promise<void> {
  const { shell, directory, makefile, targets, flags, parallel } = phase.data;
  await phase.exec(
    [
      "make",
      ...(parallel ? [`-j${phase.cores}`, ...whenParallel] : []),
      ...(makefile === null ? [] : ["-f", makefile]),
      `SHELL=${shell}`,
      ...flags,
      ...targets,
    ],
    { cwd: inWorkTree(phase, directory), env: toolEnvironment(phase) },
  );
}
