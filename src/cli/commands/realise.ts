import { CleaveError } from "../../base/index.ts";
import { planBuilds, realise, type Wanted } from "../../build/index.ts";
import type { StorePath } from "../../nix/index.ts";
import type { LocalStore, Outputs } from "../../store/index.ts";
import { buildContext, buildOptions, readJobs, reportFailures } from "../build-options.ts";
import type { Command, Io } from "../command.ts";
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
    ...buildOptions,
    check: {
      type: "boolean",
      summary: "build what is valid again, and compare; what differs stays at PATH.check in the store folder",
    },
    "dry-run": { type: "boolean", summary: "list the derivations that would be built, and build nothing" },
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
          buildContext(args, io, { store, signal }),
          {
            jobs: readJobs(args),
            keepGoing: args.flag("keep-going"),
            again,
          },
        );
        const code = reportFailures({ failed: failed.values(), skipped: skipped.length }, io);
        if (code !== 0) return code;
        await writeOutputs(wanted, outputs, args.flag("json"), io);
        return 0;
      }),
    ),
};

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
