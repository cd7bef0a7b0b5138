/** check: `make check`; where tests fail, their logs are shown. */
import { definePhase } from "cleave/phase";
import { inWorkTree, showEnds } from "./environment.ts";
import { type MakeData, runMake } from "./make.ts";

/** What the phase reads. */
export type CheckData = MakeData;

export default definePhase<CheckData>(async (phase) => {
  try {
    await runMake(phase);
  } catch (error) {
    const folder = inWorkTree(phase, phase.data.directory);
    showEnds(phase, phase.glob(`${folder}/**/test-suite.log`, { optional: true }), 100);
    throw error;
  }
});
