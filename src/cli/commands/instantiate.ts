import { makeAggregate } from "../../package/index.ts";
import { parsePartition } from "../../phases/index.ts";
import { instantiate } from "../../recipes/index.ts";
import type { Command } from "../command.ts";
import { jsonOption, withStore } from "../local-store.ts";
import { setOptions, withPackages } from "../package-set.ts";

export const instantiateCommand: Command = {
  usage: "[--partition joined|split|after=PHASE,...] [--checked] [--json] ATTR...",
  summary: "Write the derivations of packages into the store, and list those of the packages.",
  details:
    "Joined, a package is its canonical derivation. With cuts it is listed as its last group, which stock Nix builds under paths\n" +
    "of its own; --json lists all groups, and the derivations of phases that run beside them. With --checked it is listed as a\n" +
    "derivation that needs its outputs and all of those phases, so that stock Nix builds it only where checks pass.",
  options: {
    partition: {
      type: "string",
      short: "p",
      value: "PARTITION",
      summary: "joined (one derivation), split (one a phase), or after=unpack,build",
    },
    checked: { type: "boolean", summary: "list derivations that need the checks of the packages, too" },
    ...setOptions,
    ...jsonOption,
  },
  arity: [1, Infinity],
  run: async (args, io) =>
    await withStore(io, (store) =>
      withPackages(args, io, async (set) => {
        const partition = parsePartition(args.value("partition") ?? "joined");
        const packages = args.positionals.map((attribute) => {
          const lowered = set.package(attribute).lower(partition);
          return { attribute, lowered, aggregate: args.flag("checked") ? makeAggregate(lowered) : undefined };
        });
        await instantiate(
          packages.map(({ lowered, aggregate }) => ({
            lowered,
            files: aggregate?.files ?? [],
            extra: [
              ...(aggregate === undefined ? [] : [aggregate.made]),
              ...lowered.groups.map(({ made }) => made),
              ...lowered.branches.flatMap(({ made, prefix }) => [prefix, made]),
            ],
          })),
          (used) => ({ lowered: set.packageOf(used).lower("joined"), extra: [] }),
          store,
          "write",
        );
        if (args.flag("json")) {
          const described = packages.map(
            ({ attribute, aggregate, lowered: { canonical, groups, branches } }) => ({
              attribute,
              derivation: canonical.path,
              ...(aggregate === undefined ? {} : { checked: aggregate.made.path }),
              groups: groups.map(({ made, phases }) => ({ derivation: made.path, phases })),
              branches: branches.map(({ name, start, made }) => ({
                derivation: made.path,
                phases: [name],
                start,
              })),
            }),
          );
          await io.write(`${JSON.stringify({ packages: described })}\n`);
        } else
          await io.write(
            packages
              .map(({ lowered, aggregate }) => `${(aggregate ?? lowered.groups.at(-1))?.made.path}\n`)
              .join(""),
          );
        return 0;
      }),
    ),
};
