/** Realises derivations: builds what is missing, in order, several at once. */
import { readFileSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import { type Derivation, namePart, parseDerivation, type StorePath } from "../nix/index.ts";
import type { LocalStore } from "../store/index.ts";
import { type BuildContext, buildDerivation } from "./build-derivation.ts";
import { stateFolder, sweepBuildFolders } from "./build-folder.ts";
import { type BuildNode, missingBuilds, type Wanted } from "./build-graph.ts";
import { schedule } from "./schedule.ts";

type RealiseOptions = {
  /** How many builders may run at once, at least 1. */
  readonly jobs: number;
  /** Whether to go on with what does not need a build that failed. */
  readonly keepGoing: boolean;
};

/** How a realisation ended. */
type Realised = {
  /** What was built, or found to be built by another process meanwhile. */
  readonly built: readonly StorePath[];
  readonly failed: ReadonlyMap<StorePath, CleaveError>;
  /** What was not tried because of what failed. */
  readonly skipped: readonly StorePath[];
};

/** Build whatever is missing of what is wanted. Rejects only where nothing could be tried, or when interrupted. */
export async function realise(
  wanted: readonly Wanted[],
  context: BuildContext,
  { jobs, keepGoing }: RealiseOptions,
): Promise<Realised> {
  const { store, emit } = context;
  const nodes = await missingBuilds(wanted, {
    read: (path) => readDerivation(store, path),
    validPaths: store.validPaths,
  });
  if (nodes.length === 0) return { built: [], failed: new Map(), skipped: [] };
  sweepBuildFolders(stateFolder(store));
  emit({ type: "builds", total: nodes.length });
  // The first failure ends what runs, unless it is to go on.
  const stopping = new AbortController();
  const signal = AbortSignal.any([context.signal, stopping.signal]);
  const { failed, skipped } = await schedule<BuildNode>(nodes, {
    jobs,
    keepGoing,
    needs: (node) => node.needs,
    run: async (node) => {
      try {
        await buildDerivation(node, { ...context, signal });
      } catch (error) {
        if (!keepGoing) stopping.abort(error);
        throw error;
      }
    },
  });
  context.signal.throwIfAborted();
  const errors = new Map<StorePath, CleaveError>();
  const stopped: StorePath[] = [];
  // What was ended because of the first failure has the same reason.
  for (const [node, error] of failed)
    if ([...errors.values()].includes(error as CleaveError)) stopped.push(node.path);
    else if (error instanceof CleaveError) errors.set(node.path, error);
    else throw error;
  const undone = new Set([...skipped.map((node) => node.path), ...stopped]);
  return {
    built: nodes.map((node) => node.path).filter((path) => !undone.has(path) && !errors.has(path)),
    failed: errors,
    skipped: [...undone],
  };
}

/** Read a derivation from the store. Throws `build-missing-input` where it is not there. */
function readDerivation(store: LocalStore, path: StorePath): Derivation {
  let bytes: Buffer;
  try {
    bytes = readFileSync(store.realPath(path));
  } catch (cause) {
    throw new CleaveError({
      code: "build-missing-input",
      message: `the derivation ${path} cannot be read`,
      hint: "add it to the store first",
      cause,
    });
  }
  return parseDerivation(bytes, namePart(path).slice(0, -".drv".length));
}
