/** check: run each of bash's test scripts, and compare what it writes with what it should. */
import { definePhase, type Phase } from "cleave/phase";

/** What the phase reads. */
export type CheckData = {
  /** The shell that starts the tests. */
  readonly shell: string;
  /** Variables for the compiler, which makes the programs that tests call. */
  readonly env: Readonly<Record<string, string>>;
  /** Tests that write something else here, by the reason: they are run, and nothing follows from it. */
  readonly differing: Readonly<Record<string, readonly string[]>>;
};

/** They run others. */
const collections = ["all", "minimal"];

export default definePhase<CheckData>(async (phase) => {
  const { shell, env } = phase.data;
  const differing = Object.values(phase.data.differing).flat();
  const folder = `${phase.workDirectory}/tests`;
  const programs = ["recho", "zecho", "printenv", "xcase"];
  const base = { TMPDIR: phase.temporaryDirectory, LC_ALL: "C", TZ: "UTC" };
  await phase.exec(["make", `SHELL=${shell}`, ...programs], { env: { ...base, PATH: phase.path(), ...env } });
  for (const program of programs) phase.copy(program, `${folder}/${program}`);
  const names = phase
    .list(folder)
    .flatMap((name) => (name.startsWith("run-") ? [name.slice("run-".length)] : []))
    .filter((name) => !collections.includes(name));
  namePrograms(phase, folder);
  const unlike = differing.filter((name) => !names.includes(name));
  if (unlike.length > 0) phase.fail(`there are no tests ${unlike.join(", ")}`);

  const failed: string[] = [];
  const differed: string[] = [];
  for (const name of names) {
    const output = `${phase.temporaryDirectory}/output`;
    const { stdout } = await phase.exec([shell, `run-${name}`], {
      cwd: folder,
      env: {
        ...base,
        PATH: `${folder}:${phase.path()}`,
        HOME: phase.temporaryDirectory,
        THIS_SH: `${phase.workDirectory}/bash`,
        BUILD_DIR: phase.workDirectory,
        BASH_TSTOUT: output,
      },
      echo: false,
      check: false,
      stdout: "capture",
      stderr: "discard",
    });
    // Where the output is what it should be, the test removes it.
    if (!phase.exists(output)) continue;
    phase.remove(output);
    if (differing.includes(name)) differed.push(name);
    else {
      failed.push(name);
      phase.log(`--- ${name}:\n${stdout.trimEnd().split("\n").slice(0, 40).join("\n")}`);
    }
  }
  phase.log(`${names.length - failed.length - differed.length} of ${names.length} tests passed`);
  if (differed.length > 0) phase.log(`these differ, as is known: ${differed.join(", ")}`);
  if (failed.length > 0) phase.fail(`these tests failed: ${failed.join(", ")}`);
});

/** Have the tests, and what they should write, name programs by where they are instead of by /bin and /usr/bin. */
function namePrograms(phase: Phase<CheckData>, folder: string): void {
  for (const file of phase.glob(`${folder}/*.{tests,sub,right,list}`)) {
    const text = phase.read(file);
    const mended = text.replace(
      /(?:\/usr)?\/bin\/([a-z]+)\b/g,
      (whole, program: string) => phase.findTool(program) ?? whole,
    );
    if (mended !== text) phase.write(file, mended);
  }
}
