/** check: what was built runs a script of ours. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type CheckData = {
  /** A shell script. */
  readonly test: string;
};

export default definePhase<CheckData>(async (phase) => {
  const dash = `${phase.workDirectory}/src/dash`;
  await phase.exec([dash, "-u", phase.data.test, dash], {
    cwd: phase.temporaryDirectory,
    env: { PATH: phase.path(), LC_ALL: "C" },
  });
});
