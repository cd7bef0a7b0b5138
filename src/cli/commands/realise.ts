import { availableParallelism } from "node:os";
import { CleaveError, quote } from "../../base/index.ts";
import { type BuildOptions, planBuilds, realise, type Wanted } from "../../build/index.ts";
import type { StorePath } from "../../nix/index.ts";
import type { LocalStore, Outputs } from "../../store/index.ts";
import type { Arguments, Command, Io } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { findStorePath, jsonOption, withStore, writePaths } from "../local-store.ts";

export const realiseCommand: Command = {
  usage:
    "[--check] [--dry-run] [--jobs N] [--cores N] [--keep-going] [--keep-failed] [--json] DRV[!OUTPUT,...]...",
  summary: "Build what derivations make, and all that it needs, unless it is there; list the outputs.",
  details:
    "A derivation is a path in the store. Without names of outputs after it, all are wanted. Exits with 100 where a\n" +
    "build failed, and with 104 where all that failed is that --check found a difference.",
  options: {
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
    check: {
      type: "boolean",
      summary: "build what is valid again, and compare; what differs stays at PATH.check in the store folder",
    },
    "dry-run": { type: "boolean", summary: "list the derivations that would be built, and build nothing" },
    "json-events": {
      type: "boolean",
      summary: "write what happens to standard error, a JSON object per line",
    },
    ...jsonOption,
  },
  arity: [1, Infinity],
  run: async (args, io) =>
    await undoable((signal) =>
      withStore(io, async (store) => {
        if (args.flag("json-events")) io.reportJson();
        const wanted = args.positionals.map((argument) => readWanted(argument, store, io));
        const again = args.flag("check");
        if (args.flag("dry-run")) {
          const { builds } = await planBuilds(wanted, store, { again });
          await writePaths(
            builds.map(({ path }) => path),
            args.flag("json"),
            io,
          );
          return 0;
        }
        const { outputs, failed, skipped } = await realise(
          wanted,
          {
            store,
            searchPath: io.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
            options: readOptions(args),
            userEnv: io.env,
            emit: io.emit,
            signal,
          },
          {
            jobs: readNumber(args, "jobs") ?? availableParallelism(),
            keepGoing: args.flag("keep-going"),
            again,
          },
        );
        for (const error of failed.values()) io.complain(error);
        if (skipped.length > 0)
          io.emit({
            type: "note",
            message: `${skipped.length} more ${skipped.length === 1 ? "derivation was" : "derivations were"} not built because of that`,
          });
        if (failed.size > 0) return exitCode([...failed.values()]);
        await writeOutputs(wanted, outputs, args.flag("json"), io);
        return 0;
      }),
    ),
};

/** As Nix has it: a build that failed counts more than one that made something else again. */
function exitCode(errors: readonly CleaveError[]): number {
  return errors.every(({ code }) => code === "build-not-deterministic") ? 104 : 100;
}

/** Read the options that say how builders run. */
function readOptions(args: Arguments): BuildOptions {
  return {
    cores: readNumber(args, "cores") ?? availableParallelism(),
    keepFailed: args.flag("keep-failed"),
    timeout: readNumber(args, "timeout"),
    maxSilent: readNumber(args, "max-silent-time"),
    maxLog: readNumber(args, "max-log"),
  };
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

function readWanted(argument: string, store: LocalStore, io: Io): Wanted {
  const at = argument.search(/[!^][^/]*$/);
  const derivation = findStorePath(at < 0 ? argument : argument.slice(0, at), store, io);
  if (!derivation.endsWith(".drv"))
    throw new CleaveError({
      code: "cli-usage",
      message: `${derivation} is no derivation`,
      hint: "name a path that ends in .drv; cleave store info says of which derivation a path comes",
    });
  const outputs = at < 0 || argument.slice(at + 1) === "*" ? "all" : argument.slice(at + 1).split(",");
  return { derivation, outputs };
}

async function writeOutputs(
  wanted: readonly Wanted[],
  outputs: ReadonlyMap<StorePath, Outputs>,
  json: boolean,
  { write }: Io,
): Promise<void> {
  const realised = wanted.map(({ derivation, outputs: names }) => {
    const known = [...(outputs.get(derivation) ?? [])];
    return { derivation, outputs: names === "all" ? known : known.filter(([name]) => names.includes(name)) };
  });
  await write(
    json
      ? `${JSON.stringify({ realised: realised.map((each) => ({ ...each, outputs: Object.fromEntries(each.outputs) })) })}\n`
      : realised.flatMap((each) => each.outputs.map(([, path]) => `${path}\n`)).join(""),
  );
}
