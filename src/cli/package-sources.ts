/** Fetches what packages, and all that they need, are made from. */
import type { CleaveError } from "../base/index.ts";
import { type RealiseContext, realise } from "../build/index.ts";
import type { Derivation, StorePath } from "../nix/index.ts";
import type { Package, PackageInterface } from "../package/index.ts";

export type SourcesFetched = {
  readonly paths: readonly StorePath[];
  readonly failed: readonly CleaveError[];
  readonly skipped: number;
};

/** Realise every fixed output that the builds of packages need, and nothing else. */
export async function fetchSources(
  packages: readonly Package[],
  context: RealiseContext,
  {
    jobs,
    keepGoing,
    packageOf,
  }: {
    readonly jobs: number;
    readonly keepGoing: boolean;
    readonly packageOf: (used: PackageInterface) => Package;
  },
): Promise<SourcesFetched> {
  const sources = new Map<StorePath, Derivation>();
  const seen = new Set<Package>(packages);
  for (const each of seen) {
    const { inputs } = each.lower("joined");
    for (const { derivations } of inputs.fetched.values())
      for (const { path, derivation } of derivations)
        if (derivation.outputs.get("out")?.type === "fixed") sources.set(path, derivation);
    for (const used of inputs.packages.values()) seen.add(packageOf(used));
  }
  await context.store.addDerivations(sources.values());
  const wanted = [...sources.keys()].map((derivation) => ({ derivation, outputs: "all" as const }));
  const { outputs, failed, skipped } = await realise(wanted, context, { jobs, keepGoing });
  return {
    paths: wanted.flatMap(({ derivation }) => [...(outputs.get(derivation)?.values() ?? [])]),
    failed: [...failed.values()],
    skipped: skipped.length,
  };
}
