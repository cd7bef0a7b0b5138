/** The programs of a phase's tools: what is in the folder `bin` of their outputs. */
import { lstat } from "cleave:native";
import { listNames, PhaseFailure } from "./failure.ts";
import { isFile, isFolder, list } from "./files.ts";
import { nearestNames } from "./nearest.ts";

type Inputs = Readonly<Record<string, readonly string[]>>;

/** The tool that has a little of everything: any other that has a program of the same name goes before it. */
const general = "busybox";

/** List the folders with programs of inputs, in the order of their names, the general tool last. */
export function programFolders(inputs: Inputs): string[] {
  const names = Object.keys(inputs);
  return [...names.filter((name) => name !== general), ...names.filter((name) => name === general)].flatMap(
    (name) => (inputs[name] ?? []).map((path) => `${path}/bin`).filter(isFolder),
  );
}

/** Find a program of inputs; `undefined` where none has it. That of the input of the same name goes before all others. */
export function findProgram(name: string, inputs: Inputs): string | undefined {
  const own = (inputs[name] ?? []).map((path) => `${path}/bin`);
  return [...own, ...programFolders(inputs)].map((folder) => `${folder}/${name}`).find(isFile);
}

/** Find a program of the tools. Fails with the nearest names and the tools that there are. */
export function requireProgram(name: string, phase: string, tools: Inputs): string {
  const found = findProgram(name, tools);
  if (found !== undefined) return found;
  const near = nearestNames(
    name,
    programFolders(tools).flatMap((folder) => (lstat(folder) === null ? [] : list(folder))),
  );
  throw new PhaseFailure(
    `no tool of the phase ${phase} has a program ${name}; its tools are: ${listNames(Object.keys(tools))}`,
    near.length > 0 ? `did you mean ${near.join(" or ")}?` : "add the package that has it to tools",
  );
}
