/**
 * What nothing may survive: processes, kernel objects, and files outside of work tree and outputs. Between phases of one
 * derivation this does what a new sandbox would do.
 */
import {
  chmod,
  endProcesses,
  lstat,
  mkdir,
  readFolder,
  removeIpc,
  removeTree,
  setTime,
  stampTree,
} from "cleave:native";
import { Failure } from "./failure.ts";
import {
  baseName,
  buildFolder,
  clockBase,
  phaseDirectory,
  storeFolder,
  temporaryDirectory,
  workDirectory,
} from "./places.ts";
import { observeSurroundings, putBack, type Surroundings } from "./surroundings.ts";

export type Sandbox = {
  readonly surroundings: Surroundings;
  /** What the store folder holds when the group starts: its inputs. */
  readonly inputs: ReadonlySet<string>;
  readonly modes: readonly (readonly [string, number])[];
  readonly placeholders: readonly string[];
};

/** Look at the sandbox before anything runs in it. */
export function observeSandbox(placeholders: readonly string[]): Sandbox {
  const kept = new Set(placeholders.map(baseName));
  return {
    surroundings: observeSurroundings(),
    inputs: new Set(readFolder(storeFolder).filter((name) => !kept.has(name))),
    modes: [buildFolder, storeFolder].map((path) => [path, lstat(path)?.mode ?? 0o755]),
    placeholders,
  };
}

/** Make the sandbox what it is before a phase. */
export function cleanse({ surroundings, inputs, modes, placeholders }: Sandbox): void {
  endProcesses();
  removeIpc();
  for (const [path, mode] of modes) if (lstat(path)?.mode !== mode) chmod(path, mode);
  putBack(surroundings);
  const kept = new Set(placeholders.map(baseName));
  for (const name of readFolder(storeFolder))
    if (!inputs.has(name) && !kept.has(name)) removeTree(`${storeFolder}/${name}`);
  for (const name of readFolder(buildFolder))
    if (name !== baseName(workDirectory)) removeTree(`${buildFolder}/${name}`);
  for (const folder of [temporaryDirectory, phaseDirectory]) mkdir(folder, 0o755);
  // The store's folder may be another user's.
  setTime(buildFolder, clockBase, 0);
}

/** Make work tree and outputs what they are after phase `index`, by the phase clock; `tidy` where another follows. */
export function stamp({ placeholders }: Sandbox, index: number, phase: string, tidy: boolean): void {
  if (lstat(workDirectory)?.type !== "folder")
    throw new Failure(`the phase ${phase} left no folder at ${workDirectory}`, {
      hint: "the work tree itself stays where it is; what is in it may change",
    });
  for (const path of [workDirectory, ...placeholders]) stampTree(path, clockBase, index, tidy);
}
