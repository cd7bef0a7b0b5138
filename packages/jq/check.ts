/** check: run jq's own test scripts. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type CheckData = {
  /** The scripts in tests/ that are run. */
  readonly tests: readonly string[];
};

export default definePhase<CheckData>(async (phase) => {
  const env = {
    PATH: phase.path(),
    TMPDIR: phase.temporaryDirectory,
    HOME: "/homeless-shelter",
    LC_ALL: "C",
    TZ: "UTC",
    NO_VALGRIND: "1",
  };
  for (const test of phase.data.tests) {
    const { code, stdout } = await phase.exec([phase.tool("sh"), `tests/${test}`], {
      env,
      check: false,
      stdout: "capture",
      stderr: "stdout",
    });
    const lines = stdout.trimEnd().split("\n");
    if (code === 0) phase.log(`${test}: ${lines.at(-1) || "passed"}`);
    else phase.fail(`the test ${test} failed with exit code ${code}:\n${lines.slice(-40).join("\n")}`);
  }
});
