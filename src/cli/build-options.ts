/** The options of commands that build: how many at once, how long, what stays. */
import { availableParallelism } from "node:os";
import { CleaveError, quote } from "../base/index.ts";
import type { BuildOptions, RealiseContext } from "../build/index.ts";
import type { Arguments, Io, Option } from "./command.ts";

export const buildOptions: Readonly<Record<string, Option>> = {
  jobs: {
    type: "string",
    short: "j",
    value: "N",
    summary: "how many builds run at once; as many as there are cores",
  },
  cores: { type: "string", value: "N", summary: "how many cores a build is told to use; all of them" },
  "keep-going": {
    type: "boolean",
    short: "k",
    summary: "after a failure, build what does not need what failed",
  },
  "keep-failed": { type: "boolean", short: "K", summary: "keep the build folder of a build that failed" },
  timeout: { type: "string", value: "SECONDS", summary: "end a build that takes longer" },
  "max-silent-time": {
    type: "string",
    value: "SECONDS",
    summary: "end a build that says nothing for longer",
  },
  "max-log": { type: "string", value: "BYTES", summary: "end a build that writes more to its log" },
  "json-events": {
    type: "boolean",
    summary: "write what happens to standard error, a JSON object per line",
  },
};

/** Put together what builds in a store need to know of the command. Throws `cli-usage`. */
export function buildContext(
  args: Arguments,
  io: Io,
  { store, signal }: Pick<RealiseContext, "store" | "signal">,
): RealiseContext {
  return {
    store,
    searchPath: searchPathOf(io),
    options: readBuildOptions(args),
    userEnv: io.env,
    emit: io.emit,
    signal,
  };
}

/** Read how builders run. Throws `cli-usage`. */
function readBuildOptions(args: Arguments): BuildOptions {
  return {
    cores: readNumber(args, "cores") ?? availableParallelism(),
    keepFailed: args.flag("keep-failed"),
    timeout: readNumber(args, "timeout"),
    maxSilent: readNumber(args, "max-silent-time"),
    maxLog: readNumber(args, "max-log"),
  };
}

/** Read how many builds run at once. Throws `cli-usage`. */
export function readJobs(args: Arguments): number {
  return readNumber(args, "jobs") ?? availableParallelism();
}

/** Give where the programs that sandboxes need are looked for. */
export function searchPathOf({ env }: Io): string {
  return env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin";
}

/** Say what was not tried because of failures, and how the command ends: as Nix has it. */
export function reportFailures(
  { failed, skipped }: { readonly failed: Iterable<CleaveError>; readonly skipped: number },
  io: Io,
): number {
  const errors = [...failed];
  for (const error of errors) io.complain(error);
  if (skipped > 0)
    io.emit({
      type: "note",
      message: `${skipped} more ${skipped === 1 ? "derivation was" : "derivations were"} not built because of that`,
    });
  if (errors.length === 0) return 0;
  return errors.every(({ code }) => code === "build-not-deterministic") ? 104 : 100;
}

function readNumber({ value }: Arguments, name: string): number | undefined {
  const text = value(name);
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new CleaveError({
    code: "cli-usage",
    message: `--${name} takes a whole number from 1 on, not ${quote(text)}`,
    hint: `such as --${name} 2`,
  });
}
