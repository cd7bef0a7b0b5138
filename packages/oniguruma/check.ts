/** check: build the library's test programs, run each, and say how many tests there were. */
import { definePhase } from "cleave/phase";
import type { BuildData } from "./build.ts";

/** What the phase reads. */
export type CheckData = BuildData;

const programs = ["test_utf8", "test_syntax", "test_options", "testc", "testu", "test_regset", "test_back"];

export default definePhase<CheckData>(async (phase) => {
  const { CFLAGS = "", LDFLAGS = "" } = phase.data.env;
  const env = { TMPDIR: phase.temporaryDirectory };
  await phase.execAll(
    programs.map((name) => [
      ...[phase.tool("cc"), ...CFLAGS.split(" "), "-w", "-Isrc", `test/${name}.c`, "libonig.a"],
      ...[...LDFLAGS.split(" "), "-o", `test/${name}`],
    ]),
    { env, echo: false },
  );
  for (const name of programs) {
    const { code, stdout } = await phase.exec([`${phase.workDirectory}/test/${name}`], {
      cwd: "test",
      check: false,
      stdout: "capture",
    });
    const lines = stdout.trimEnd().split("\n");
    phase.log(`${name}: ${lines.findLast((line) => line.includes("SUCC")) ?? lines.at(-1)}`);
    const bad = lines.filter((line) => /^(FAIL|ERROR)/.test(line));
    if (code !== 0 || bad.length > 0) phase.fail(`${name} failed:\n${bad.join("\n")}`);
  }
});
