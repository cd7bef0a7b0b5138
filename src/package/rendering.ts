/**
 * How a package is rendered by the embedded builder: the canonical derivation is what dependants name, and groups and
 * branches are what is run.
 */
import type { MadeDerivation, StorePath } from "../nix/index.ts";
import type { Partition } from "../phases/index.ts";
import type { Lowered, LoweredBranch } from "./lower.ts";
import type { Package } from "./package.ts";

/** What is run to make a package's outputs. */
export type PackageRendering = {
  readonly lowered: Lowered;
  /** The branches whose success the outputs wait for. */
  readonly branches: readonly LoweredBranch[];
  /** All derivations besides the canonical one. */
  readonly derivations: readonly MadeDerivation[];
};

/**
 * Render a package by a partition, with those of its branches that `wanted` says. There is a cut where each of these
 * starts, so that it runs from the same state as what follows in the trunk.
 */
export function renderPackage(
  made: Package,
  partition: Partition,
  wanted: (branch: LoweredBranch) => boolean,
): PackageRendering {
  const first = made.lower(partition);
  const branches = first.branches.filter(wanted);
  if (branches.length === 0) return rendering(first, []);
  const cuts = new Set(first.groups.slice(0, -1).map(({ phases }) => phases.at(-1) ?? ""));
  for (const { start } of branches) cuts.add(start);
  const lowered = made.lower({ after: [...cuts] });
  const names = new Set(branches.map(({ name }) => name));
  return rendering(
    lowered,
    lowered.branches.filter(({ name }) => names.has(name)),
  );
}

function rendering(lowered: Lowered, branches: readonly LoweredBranch[]): PackageRendering {
  const derivations = new Map<StorePath, MadeDerivation>();
  for (const { made } of lowered.groups) derivations.set(made.path, made);
  for (const { made, canonical, prefix } of branches)
    for (const each of [made, canonical, prefix]) derivations.set(each.path, each);
  derivations.delete(lowered.canonical.path);
  return { lowered, branches, derivations: [...derivations.values()] };
}
