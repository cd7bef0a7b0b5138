/** check: run gawk's own tests, and compare those that failed with those that must. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type CheckData = {
  /** The shell that makefiles are run by. */
  readonly shell: string;
  /** Variables for the tools. */
  readonly env: Readonly<Record<string, string>>;
  /** Tests that differ here, by the reason: they are run, and nothing follows from it. */
  readonly differing: Readonly<Record<string, readonly string[]>>;
};

export default definePhase<CheckData>(async (phase) => {
  const { shell, env } = phase.data;
  const differing = Object.values(phase.data.differing).flat();
  const { stdout } = await phase.exec(["make", "-k", `SHELL=${shell}`, "-C", "test", "check"], {
    env: { PATH: phase.path(), TMPDIR: phase.temporaryDirectory, LC_ALL: "C", TZ: "UTC", ...env },
    check: false,
    stdout: "capture",
    stderr: "stdout",
  });
  const lines = stdout.split("\n");
  const count = lines.filter((line) => /^[a-z][a-z0-9_]*( is OK)?$/i.test(line)).length;
  if (!lines.some((line) => /^(\d+ TESTS FAILED|ALL TESTS PASSED)$/.test(line)))
    phase.fail(`the tests did not come to their end; they said last:\n${lines.slice(-40).join("\n")}`);
  // Where the output is what it should be, a test removes it.
  const failed = phase
    .glob("test/_*", { optional: true })
    .map((path) => phase.baseName(path).slice(1))
    .filter((name) => phase.exists(`test/${name}.ok`));
  const unknown = failed.filter((name) => !differing.includes(name));
  phase.log(`${failed.length} of about ${count} tests differ: ${failed.join(", ")}`);
  for (const name of unknown) {
    const { stdout: difference } = await phase.exec(["diff", "-u", `${name}.ok`, `_${name}`], {
      cwd: "test",
      check: false,
      echo: false,
      stdout: "capture",
    });
    phase.log(`--- ${name}:\n${difference.split("\n").slice(0, 20).join("\n")}`);
  }
  if (unknown.length > 0) phase.fail(`these tests failed: ${unknown.join(", ")}`);
});
