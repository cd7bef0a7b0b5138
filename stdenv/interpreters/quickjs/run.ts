/** Running a script: `phase.json` in, `result.json` out, and failures told with their place in the source. */
import { decodeText, readFile, writeFile } from "cleave:native";
import type { PhaseFile } from "cleave/phases";
import * as std from "std";
import { PhaseFailure } from "./failure.ts";
import { parent } from "./files.ts";
import { makePhase, type Phase } from "./phase.ts";
import { mapStack, readSourceMap } from "./source-map.ts";

/** A script: what {@link definePhase} makes, and a script exports by default. */
export type PhaseScript<Data, Result> = {
  readonly run: (phase: Phase<Data>) => Result | Promise<Result>;
};

/**
 * Define what a phase does. `Data` is what its recipe hands to it; what the function gives is what the phase reports, which must
 * match the result schema of the phase. A function that gives nothing reports nothing.
 */
export function definePhase<Data = unknown, Result = void>(
  run: (phase: Phase<Data>) => Result | Promise<Result>,
): PhaseScript<Data, Result> {
  return { run };
}

/** Run a script on the `phase.json` that the arguments of the process name, and end the process where it fails. */
export async function runPhase<Data, Result>(script: PhaseScript<Data, Result>): Promise<void> {
  const [bundle = "", file = ""] = scriptArgs;
  let name: string | undefined;
  try {
    const told: PhaseFile = JSON.parse(decodeText(readFile(file)));
    name = told.phase.name;
    if (told.contract !== 1)
      throw new PhaseFailure(`${file} is of version ${told.contract} of the contract, not 1`);
    const result = await script.run(makePhase<Data>(told));
    if (result !== undefined)
      writeFile(`${parent(file) || "."}/result.json`, `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    std.err.puts(describeError(error, name, bundle));
    std.err.flush();
    std.exit(1);
  }
}

/** Write a failure for the log. Whatever is no {@link PhaseFailure} may be a mistake in the script, and gets its stack. */
function describeError(error: unknown, phase: string | undefined, bundle: string): string {
  const head = phase === undefined ? "error" : `error in the phase ${phase}`;
  if (!(error instanceof Error)) return `${head}: the script threw ${JSON.stringify(error)}\n`;
  const stack = mapStack(error.stack ?? "", bundle, readMap(bundle))
    .split("\n")
    .filter(
      (line) =>
        line !== "" &&
        !line.includes(libraryFolder) &&
        !line.includes("(native)") &&
        !/\bentry:\d/.test(line),
    );
  if (!(error instanceof PhaseFailure))
    return `${[`${head}: ${error.name}: ${error.message}`, ...stack].join("\n")}\n`;
  const place = /([^\s(]+\.[a-z]+:\d+:\d+)/.exec(stack[0] ?? "")?.[1];
  return [
    `${head}: ${error.message}`,
    ...(place === undefined ? [] : [`  at ${place}`]),
    ...(error.hint === undefined ? [] : [`  hint: ${error.hint}`]),
    "",
  ].join("\n");
}

/** What is in the places of this library, which nobody looks for. */
const libraryFolder = "interpreters/quickjs/";

function readMap(bundle: string): ReturnType<typeof readSourceMap> {
  try {
    return readSourceMap(decodeText(readFile(bundle)));
  } catch {
    return undefined;
  }
}
