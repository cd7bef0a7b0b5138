import { resolve } from "node:path";
import { CleaveError } from "../../base/index.ts";
import { parsePartition } from "../../phases/index.ts";
import { recordBuilt } from "../../recipes/built.ts";
import type { LocalStore } from "../../store/index.ts";
import { buildContext, buildOptions, reportFailures } from "../build-options.ts";
import type { Arguments, Command, Io } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { jsonOption, withStore, writePaths } from "../local-store.ts";
import { type BuiltPackage, buildPackages, evaluate, readScheduling } from "../package-build.ts";
import { setOptions, withPackages } from "../package-set.ts";
import { fetchSources } from "../package-sources.ts";

export const build: Command = {
  usage:
    "[--partition joined|split|after=PHASE,...] [--no-check] [--check] [--out-link NAME | --no-link] [--json] ATTR...",
  summary: "Build packages and all that they need, unless that is there; list their outputs.",
  details:
    "A partition says where the phases of ATTR are cut into derivations; it changes how a package is built, not what comes out.\n" +
    "Phases beside the others, such as check, are run where they have not passed yet, from a state that is cut for them, and\n" +
    "outputs become valid only when they passed. With --check packages that are there are built again, by the partition, and\n" +
    "compared.\n\n" +
    "Exits with 100 where a build failed, and with 104 where all that failed is that --check found a difference.",
  options: {
    partition: {
      type: "string",
      short: "p",
      value: "PARTITION",
      summary: "joined (one derivation), split (one a phase), or after=unpack,build",
    },
    sources: {
      type: "boolean",
      summary: "only fetch what the packages and all that they need are made from, and list that",
    },
    "no-check": { type: "boolean", summary: "publish the outputs without checks; the next build runs them" },
    check: { type: "boolean", summary: "build what is there again, and compare" },
    "out-link": { type: "string", short: "o", value: "NAME", summary: "the link to the outputs; result" },
    "no-link": { type: "boolean", summary: "make no link" },
    ...setOptions,
    ...buildOptions,
    ...jsonOption,
  },
  arity: [1, Infinity],
  run: async (args, io) => {
    if (args.flag("json-events")) io.reportJson();
    checkLink(args);
    const partition = args.value("partition");
    const parsed = partition === undefined ? undefined : parsePartition(partition);
    return await withStore(io, (store) =>
      withPackages(args, io, async (set) => {
        const packages = args.positionals.map((attribute) => set.package(attribute));
        evaluate(packages);
        return await undoable(async (signal) => {
          const context = buildContext(args, io, { store, signal });
          const scheduling = readScheduling(args, set);
          if (args.flag("sources")) {
            const { paths, ...fetched } = await fetchSources(packages, context, scheduling);
            const code = reportFailures(fetched, io);
            if (code === 0) await writePaths(paths, args.flag("json"), io);
            return code;
          }
          const { built, failed, skipped } = await buildPackages(packages, context, {
            partition: parsed,
            check: !args.flag("no-check"),
            again: args.flag("check"),
            ...scheduling,
          });
          const code = reportFailures({ failed, skipped }, io);
          if (code !== 0) return code;
          for (const [index, each] of packages.entries())
            recordBuilt(store.root, args.positionals[index] ?? each.attribute, each);
          await makeLinks(built, args, io, store);
          await writeBuilt(built, args, io, store);
          return 0;
        });
      }),
    );
  },
};

/** Throws `cli-usage` for a link that cannot be meant. */
function checkLink(args: Arguments): void {
  const name = args.value("out-link");
  if (name === "") throw new CleaveError({ code: "cli-usage", message: "--out-link names no file" });
  if (name !== undefined && args.flag("no-link"))
    throw new CleaveError({ code: "cli-usage", message: "--out-link does not go with --no-link" });
}

/** Make the links to the outputs, each of which is a root: `result`, `result-dev`, and `result-2` for the second package. */
async function makeLinks(
  built: readonly BuiltPackage[],
  args: Arguments,
  { cwd }: Io,
  store: LocalStore,
): Promise<void> {
  if (args.flag("no-link")) return;
  const link = resolve(cwd, args.value("out-link") ?? "result");
  for (const [index, { package: made }] of built.entries()) {
    const { outputs, path } = made.interface;
    for (const [name, output] of Object.entries(outputs)) {
      const suffix = `${index === 0 ? "" : `-${index + 1}`}${output === path ? "" : `-${name}`}`;
      await store.addRoot(`${link}${suffix}`, output, "real").catch((error: unknown) => {
        throw error instanceof CleaveError && error.hint === undefined ? withoutLink(error) : error;
      });
    }
  }
}

function withoutLink({ code, message, location, cause }: CleaveError): CleaveError {
  const hint = "what was built is there; --out-link names another place for the link, --no-link makes none";
  return new CleaveError({ code, message, hint, location, cause });
}

async function writeBuilt(
  built: readonly BuiltPackage[],
  args: Arguments,
  { write }: Io,
  store: LocalStore,
): Promise<void> {
  if (!args.flag("json")) {
    await write(
      built
        .flatMap(({ package: { interface: seen } }) =>
          // What the package as a whole stands for comes first.
          [...new Set([seen.path, ...Object.values(seen.outputs)])].map((path) => `${path}\n`),
        )
        .join(""),
    );
    return;
  }
  const packages = built.map(({ package: made, rendering: { lowered, branches }, ran }, at) => ({
    attribute: args.positionals[at] ?? made.attribute,
    derivation: made.interface.derivation,
    outputs: made.interface.outputs,
    realPaths: Object.fromEntries(
      Object.entries(made.interface.outputs).map(([name, path]) => [name, store.realPath(path)]),
    ),
    groups: lowered.groups.map(({ made: group, phases }, index) => ({
      derivation: group.path,
      phases,
      // The last one stands in for the canonical derivation.
      ran: ran.has(index === lowered.groups.length - 1 ? lowered.canonical.path : group.path),
    })),
    branches: branches.map(({ name, made: branch, canonical }) => ({
      derivation: branch.path,
      phases: [name],
      ran: ran.has(canonical.path),
    })),
  }));
  await write(`${JSON.stringify({ packages })}\n`);
}
