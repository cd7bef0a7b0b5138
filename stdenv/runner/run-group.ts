/** Carries out a group of phases, as `docs/lowering.md` has it. */
import { seclude, umask } from "cleave:native";
import { cleanse, observeSandbox, stamp } from "./cleanse.ts";
import { readGroup } from "./group.ts";
import { requireSandbox } from "./isolation.ts";
import { reportBranch } from "./report-branch.ts";
import { restore } from "./restore.ts";
import { runPhase } from "./run-phase.ts";
import { saveState } from "./save.ts";
import { seal } from "./seal.ts";

/** Do all that the derivation asks for. Throws a `Failure` where that cannot be done. */
export function runGroup(): void {
  requireSandbox();
  const group = readGroup();
  umask(0o022);
  const placeholders = Object.values(group.placeholders);
  const sandbox = observeSandbox(placeholders);
  seclude();
  const results = restore(group);
  for (const phase of group.phases) {
    // The first one finds the sandbox as all others do.
    cleanse(sandbox);
    results[phase.name] = runPhase(group, phase, results);
    cleanse(sandbox);
    stamp(sandbox, phase.index, phase.name);
  }
  if (group.end === "seal") seal(group);
  else if (group.end === "state") saveState(group, results);
  else reportBranch(group, results);
}
