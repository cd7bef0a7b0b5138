/** Builds packages of a set: instantiates them, renders them by a partition, realises that, remembers what passed. */
import type { CleaveError } from "../base/index.ts";
import {
  hasPassed,
  keepStates,
  type RealiseContext,
  type Rendering,
  realise,
  recordPassed,
  recordPhases,
  type Wanted,
} from "../build/index.ts";
import type { StorePath } from "../nix/index.ts";
import type { Lowered, Package, PackageInterface } from "../package/index.ts";
import { outputPaths } from "../package/output-paths.ts";
import { type PackageRendering, renderPackage } from "../package/rendering.ts";
import type { Partition } from "../phases/index.ts";
import { instantiate, type PackageSet } from "../recipes/index.ts";
import type { LocalStore } from "../store/index.ts";
import { readJobs } from "./build-options.ts";
import type { Arguments } from "./command.ts";

export type PackageBuildOptions = {
  /**
   * How the packages that are asked for are cut; others are joined. There are cuts where branches start that are run; where
   * nothing is said, also where those start that have passed, so that an edit of what comes after is cheap; and without
   * checks where the states are there.
   */
  readonly partition: Partition | undefined;
  /** Whether branches run, and outputs wait for them. */
  readonly check: boolean;
  /** Build what is valid again, and compare. Branches are left alone. */
  readonly again: boolean;
  readonly jobs: number;
  readonly keepGoing: boolean;
  /** Give the package that an interface describes. */
  readonly packageOf: (used: PackageInterface) => Package;
  /** Sources of packages, which are made as well. */
  readonly sources?: readonly Lowered[];
};

export type PackagesBuilt = {
  readonly built: readonly BuiltPackage[];
  readonly failed: readonly CleaveError[];
  readonly skipped: number;
};

export type BuiltPackage = {
  readonly package: Package;
  readonly rendering: PackageRendering;
  /** The derivations that were built for it now. */
  readonly ran: ReadonlySet<StorePath>;
};

/** Read how the packages of a set are to be built from the arguments of a command. */
export function readScheduling(
  args: Arguments,
  set: PackageSet,
): Pick<PackageBuildOptions, "jobs" | "keepGoing" | "packageOf"> {
  return {
    jobs: readJobs(args),
    keepGoing: args.flag("keep-going"),
    packageOf: (used) => set.packageOf(used),
  };
}

/**
 * Evaluate packages, before anything of them is built: what is wrong in what their users see of them is told then. It is to be
 * done where a signal ends the process, as no other code runs while that of recipes does.
 */
export function evaluate(packages: readonly Package[]): void {
  for (const each of packages) void [each.interface, each.lower("joined")];
}

/** Build packages and all that they need; they are evaluated. */
export async function buildPackages(
  packages: readonly Package[],
  context: RealiseContext,
  { partition, check, again, jobs, keepGoing, packageOf, sources = [] }: PackageBuildOptions,
): Promise<PackagesBuilt> {
  const { store } = context;
  const asked = new Set(packages);
  const resumed =
    partition === undefined && !check && !again ? await withStates(packages, store) : new Set<Package>();
  const rendered = new Map<Package, PackageRendering>();
  const render = (each: Package): PackageRendering => {
    let found = rendered.get(each);
    if (found === undefined) {
      const own = asked.has(each);
      const unsaid = own && ((check && !again) || resumed.has(each)) ? atBranches(each) : "joined";
      found = renderPackage(
        each,
        own ? (partition ?? unsaid) : "joined",
        ({ canonical }) => check && !(own && again) && !hasPassed(store, canonical.path),
      );
      rendered.set(each, found);
    }
    return found;
  };
  const instanceOf = (each: Package) => {
    const { lowered, derivations } = render(each);
    return { lowered, extra: derivations };
  };
  const instances = [...packages.map(instanceOf), ...sources.map((lowered) => ({ lowered, extra: [] }))];
  await instantiate(instances, (used) => instanceOf(packageOf(used)), store, "build");

  const renderings = new Map<StorePath, Rendering>();
  // One that is asked for comes before those of the same derivation that something needs for other target platforms.
  for (const each of [...rendered.values()].toReversed()) addRendering(each, renderings);
  const wanted = packages.flatMap((each): Wanted[] => {
    const { lowered, branches } = render(each);
    return [lowered.canonical, ...branches.map(({ canonical }) => canonical)].map(({ path }) => ({
      derivation: path,
      outputs: "all",
    }));
  });
  wanted.push(...sources.map(({ canonical }): Wanted => ({ derivation: canonical.path, outputs: "all" })));
  const { failed, skipped, built } = await realise(wanted, context, {
    jobs,
    keepGoing,
    again,
    renderings,
  }).catch(async (error: unknown) => {
    // Whoever stopped it may go on tomorrow.
    await keepValid([...rendered.values()].flatMap(statesOf), store);
    throw error;
  });
  const ran = new Set(built);
  await remember([...rendered.values()], { ran, failed }, store);
  return {
    built: packages.map((each) => ({ package: each, rendering: render(each), ran })),
    failed: [...failed.values()],
    skipped: skipped.length,
  };
}

/** Find the packages of which all states are there from which branches start, as after a check that failed. */
async function withStates(packages: readonly Package[], store: LocalStore): Promise<ReadonlySet<Package>> {
  const found = new Set<Package>();
  for (const each of packages) {
    const states = statesOf(renderPackage(each, atBranches(each), () => false));
    if (states.length > 0 && (await store.validPaths(states)).size === states.length) found.add(each);
  }
  return found;
}

/** The partition with cuts where branches start. */
function atBranches(made: Package): Partition {
  return { after: [...new Set(made.lower("joined").branches.map(({ start }) => start))] };
}

function addRendering({ lowered, branches }: PackageRendering, renderings: Map<StorePath, Rendering>): void {
  const groups = lowered.groups.map(({ made }) => made.path);
  const last = groups.at(-1);
  if (last === undefined) return;
  renderings.set(lowered.canonical.path, {
    by: last,
    groups: groups.slice(0, -1),
    gates: branches.map(({ canonical }) => canonical.path),
  });
  for (const { made, canonical } of branches)
    if (made.path !== canonical.path)
      renderings.set(canonical.path, { by: made.path, groups: [], gates: [] });
}

/** Remember which branches passed, which logs there are, and keep the states that were made or used. */
async function remember(
  renderings: readonly PackageRendering[],
  {
    ran,
    failed,
  }: { readonly ran: ReadonlySet<StorePath>; readonly failed: ReadonlyMap<StorePath, CleaveError> },
  store: LocalStore,
): Promise<void> {
  const logged = new Set([...ran, ...failed.keys()]);
  // Not only what ran: who built the others may have been killed before it was remembered.
  const checked = new Map<StorePath, StorePath>();
  for (const { branches } of renderings)
    for (const { canonical } of branches) {
      const { out } = outputPaths(canonical);
      if (out !== undefined) checked.set(out, canonical.path);
    }
  if (checked.size > 0)
    for (const out of await store.validPaths(checked.keys())) {
      const branch = checked.get(out);
      if (branch !== undefined) recordPassed(store, branch);
    }
  const states: StorePath[] = [];
  for (const rendering of renderings) {
    const { lowered, branches } = rendering;
    await recordRun({ lowered, branches, derivations: [] }, logged, store);
    const own = [lowered.canonical, ...lowered.groups.map(({ made }) => made)];
    if (!own.some(({ path }) => ran.has(path)) && !branches.some(({ canonical }) => ran.has(canonical.path)))
      continue;
    states.push(...statesOf(rendering));
  }
  await keepValid(states, store);
}

/** The states that the groups of a rendering save. */
function statesOf({ lowered }: PackageRendering): StorePath[] {
  return lowered.groups.slice(0, -1).flatMap(({ made }) => {
    const { out } = outputPaths(made);
    return out === undefined ? [] : [out];
  });
}

async function keepValid(states: readonly StorePath[], store: LocalStore): Promise<void> {
  const valid = await store.validPaths(states);
  if (valid.size > 0) await keepStates(store, valid, { now: Date.now() / 1000 });
}

/** Remember which derivation's log has which phase: the last group writes to that of the canonical derivation. */
async function recordRun(
  { lowered, branches }: PackageRendering,
  logged: ReadonlySet<StorePath>,
  store: LocalStore,
): Promise<void> {
  const phases = new Map<string, StorePath>();
  for (const [index, { made, phases: names }] of lowered.groups.entries()) {
    const path = index === lowered.groups.length - 1 ? lowered.canonical.path : made.path;
    if (logged.has(path)) for (const name of names) phases.set(name, path);
  }
  for (const { name, canonical } of branches)
    if (logged.has(canonical.path)) phases.set(name, canonical.path);
  const order = [
    ...lowered.groups.flatMap((group) => group.phases),
    ...lowered.branches.map(({ name }) => name),
  ];
  if (phases.size > 0) await recordPhases(store, lowered.canonical.path, phases, order);
}
