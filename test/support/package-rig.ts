/** Builds packages of the project in the store of {@link toolsRoot}. */
import { join } from "node:path";
import type { CleaveError, Event } from "../../src/base/index.ts";
import { type RealiseContext, type Rendering, realise } from "../../src/build/index.ts";
import { type BuiltPackage, buildPackages, type PackagesBuilt } from "../../src/cli/package-build.ts";
import { type Package, parsePlatform, renderPackage } from "../../src/package/index.ts";
import type { Partition } from "../../src/phases/index.ts";
import { instantiate, openPackageSet, type PackageSet } from "../../src/recipes/index.ts";
import { type LocalStore, openLocalStore } from "../../src/store/index.ts";
import { toolsRoot } from "./bootstrapped.ts";
import { repository } from "./cleave.ts";

export type PackageRig = AsyncDisposable & {
  readonly set: PackageSet;
  readonly store: LocalStore;
  readonly events: readonly Event[];
  readonly build: (
    made: Package,
    options: { readonly partition: Partition; readonly check: boolean },
  ) => Promise<PackagesBuilt>;
  /** Build the last group of a partition again, the states before it where they are missing, and compare. */
  readonly buildAgain: (
    made: Package,
    partition: Partition,
  ) => Promise<{
    readonly failed: readonly CleaveError[];
    readonly built: readonly Pick<BuiltPackage, "ran">[];
  }>;
};

export async function openRig({
  jobs,
  root = toolsRoot,
  folders = [],
  settings = [],
  onEvent = () => {},
}: {
  readonly jobs: number;
  readonly root?: string;
  readonly folders?: readonly string[];
  /** As `--set` takes them: ATTRIBUTE.OPTION=VALUE. */
  readonly settings?: readonly string[];
  readonly onEvent?: (event: Event) => void;
}): Promise<PackageRig> {
  const platform = parsePlatform("x86_64-linux");
  const events: Event[] = [];
  const emit = (event: Event) => {
    events.push(event);
    onEvent(event);
  };
  const set = openPackageSet({
    sources: [
      { folder: join(repository, "packages"), prefix: "" },
      { folder: join(repository, "bootstrap"), prefix: "bootstrap." },
      ...folders.map((folder) => ({ folder, prefix: "" })),
    ],
    platforms: { build: platform, host: platform, target: platform },
    settings,
    emit,
  });
  const store = await openLocalStore({ root, emit });
  const context: RealiseContext = {
    store,
    searchPath: process.env["PATH"] ?? "",
    options: { cores: 2, keepFailed: false },
    userEnv: {},
    emit,
    signal: new AbortController().signal,
  };
  return {
    set,
    store,
    events,
    build: (made, { partition, check }) =>
      buildPackages([made], context, {
        partition,
        check,
        again: false,
        jobs,
        keepGoing: false,
        packageOf: (used) => set.packageOf(used),
      }),
    buildAgain: async (made, partition) => {
      const { lowered, derivations } = renderPackage(made, partition, () => false);
      await instantiate(
        [{ lowered, extra: derivations }],
        (used) => ({ lowered: set.packageOf(used).lower("joined"), extra: [] }),
        store,
        "write",
      );
      const by = lowered.groups.at(-1)?.made.path ?? lowered.canonical.path;
      const renderings = new Map([
        [lowered.canonical.path, { by, groups: [], gates: [] } satisfies Rendering],
      ]);
      const { failed, built } = await realise(
        [{ derivation: lowered.canonical.path, outputs: "all" }],
        context,
        { jobs, keepGoing: false, again: true, renderings },
      );
      return { failed: [...failed.values()], built: [{ ran: new Set(built) }] };
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
