/**
 * The runner: the builder of every derivation that cleave makes of a package. Process 1 of a sandbox, run by QuickJS.
 * Imports QuickJS' modules, and of `src/` types of the contract only.
 */
import { exit } from "std";
import { describeFailure, Failure } from "./failure.ts";
import { write } from "./log.ts";
import { runGroup } from "./run-group.ts";

try {
  runGroup();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  write(describeFailure(error));
  exit(error.code);
}
