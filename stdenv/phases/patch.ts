/** patch: the changes in the source; then its scripts name the tools of this phase by their paths. */
import { definePhase, type Phase } from "cleave/phase";

export type Patch = {
  readonly file: string;
  /** How many folders are taken away from the front of the names in it. */
  readonly strip: number;
};

/** What the phase reads. */
export type PatchData = {
  /** What is applied, in this order. */
  readonly patches: readonly Patch[];
  /** Whether `#!` lines are rewritten: `/bin/sh` and all that tools have. */
  readonly shebangs: boolean;
};

export default definePhase<PatchData>(async (phase) => {
  for (const patch of phase.data.patches) await applyPatch(phase, patch);
  if (!phase.data.shebangs) return;
  const files = phase.walk(".").flatMap(({ path, status }) => (status.type === "file" ? [path] : []));
  const unknown = phase.patchShebangs(files);
  if (unknown.length > 0)
    phase.log(`scripts for these stay as they are, no tool has them: ${unknown.join(", ")}`);
});

async function applyPatch(phase: Phase<PatchData>, { file, strip }: Patch): Promise<void> {
  const command = ["patch", `-p${strip}`, "-N", "-i", file];
  const { code, stdout } = await phase.exec(command, { check: false, stdout: "capture", stderr: "stdout" });
  phase.log(stdout.trimEnd());
  if (code === 0) return;
  phase.fail(
    `the patch ${phase.storeName(file)} does not apply: ${findReason(stdout)}`,
    "make the patch anew against this source, or say how many folders to strip",
  );
}

/** Find which file and hunk it was, in what the program wrote. */
function findReason(output: string): string {
  let current: string | undefined;
  const failed: string[] = [];
  for (const line of output.split("\n")) {
    current = /^patching file (.*)$/.exec(line)?.[1] ?? current;
    const hunk = /hunk #?(\d+) (?:FAILED|at)/i.exec(line)?.[1];
    if (hunk !== undefined && !line.includes("succeeded"))
      failed.push(`hunk ${hunk} of ${current ?? "an unknown file"}`);
  }
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  return failed.length > 0 ? failed.join(", ") : last === "" ? "nothing was said about why" : last;
}
