/** Runs one phase: its interpreter, with what the contract tells it. */
import { processors, spawn, wait, writeFile } from "cleave:native";
import type { PhaseFile } from "cleave/phases";
import { getenv } from "std";
import { Failure } from "./failure.ts";
import { type Group, type GroupPhase, packageName } from "./group.ts";
import { announcePhase } from "./log.ts";
import { phaseDirectory, temporaryDirectory, workDirectory } from "./places.ts";
import { readResult } from "./result.ts";
import type { JsonValue } from "./schema.ts";

/** Run a phase and give what it reports. */
export function runPhase(
  group: Group,
  phase: GroupPhase,
  results: Readonly<Record<string, JsonValue>>,
): JsonValue {
  announcePhase(phase.name);
  const file = `${phaseDirectory}/phase.json`;
  writeFile(file, `${JSON.stringify(tell(group, phase, results))}\n`);
  const { code, signal } = run(group, phase, file);
  const name = `the phase ${phase.name} of ${packageName(group)}`;
  if (signal !== null) throw new Failure(`${name} was ended by signal ${signal}`, { code: 128 + signal });
  if (code !== 0) throw new Failure(`${name} failed with exit code ${code}`, { code: code ?? 1 });
  return readResult(phase);
}

function run(
  group: Group,
  { name, program, args, script }: GroupPhase,
  file: string,
): ReturnType<typeof wait> {
  try {
    const pid = spawn({
      program,
      args: [...args, script, file],
      env: {},
      cwd: workDirectory,
      stdin: "/dev/null",
    });
    return wait(pid, true);
  } catch (error) {
    throw new Failure(
      `the phase ${name} of ${packageName(group)} cannot be started: ${error instanceof Error ? error.message : error}`,
      {
        hint: "its interpreter must be a program for this platform that needs nothing outside of the inputs",
      },
    );
  }
}

/** Make what the phase is told. */
function tell(
  { package: named, platforms, placeholders }: Group,
  { name, index, tools, libraries, data, reads }: GroupPhase,
  results: Readonly<Record<string, JsonValue>>,
): PhaseFile {
  return {
    contract: 1,
    package: named,
    phase: { name, index },
    platforms,
    cores: cores(),
    workDirectory,
    temporaryDirectory,
    outputs: { ...placeholders },
    inputs: { tools: { ...tools }, libraries: { ...libraries } },
    data,
    results: Object.fromEntries(reads.map((each) => [each, results[each] ?? null])),
  };
}

/** How many processes may run beside each other; Nix says 0 for as many as there are processors. */
function cores(): number {
  const told = Number(getenv("NIX_BUILD_CORES") ?? "0");
  return Number.isSafeInteger(told) && told > 0 ? told : processors();
}
