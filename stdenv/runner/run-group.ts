/** Carries out a group of phases, as `docs/lowering.md` has it. */
import { saveTrees, seclude, umask } from "cleave:native";
import { cleanse, observeSandbox, stamp } from "./cleanse.ts";
import { readGroup } from "./group.ts";
import { requireSandbox } from "./isolation.ts";
import { singleOutput } from "./outputs.ts";
import { clockBase, workDirectory } from "./places.ts";
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
    stamp(sandbox, phase.index, phase.name, phase !== group.phases.at(-1));
  }
  switch (group.end) {
    case "seal":
      seal(group);
      break;
    case "state":
      saveState(group, results);
      break;
    case "branch":
      reportBranch(group, results);
      break;
    case "tree":
      saveTrees([[workDirectory, singleOutput(group)]], clockBase);
      break;
    default:
      throw new Error(`nobody knows how to end with ${group.end satisfies never}`);
  }
}
