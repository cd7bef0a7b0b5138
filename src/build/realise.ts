/** Realises derivations: builds what is missing, in order, several at once. */
import { readFileSync } from "node:fs";
import { CleaveError, decodeText } from "../base/index.ts";
import type { Fetcher } from "../fetch/index.ts";
import { type Derivation, derivationPath, namePart, parseDerivation, type StorePath } from "../nix/index.ts";
import { openSandboxes, type Sandboxes } from "../sandbox/index.ts";
import { hasCode } from "../store/fault.ts";
import type { LocalStore, Outputs } from "../store/index.ts";
import { type BuildContext, buildDerivation } from "./build-derivation.ts";
import {
  type BuildGraph,
  type BuildNode,
  type GraphOptions,
  missingBuilds,
  type Rendering,
  type Wanted,
} from "./build-graph.ts";
import { codedError } from "./fault.ts";
import { makeGates } from "./gates.ts";
import { makeHandOver } from "./hand-over.ts";
import { schedule } from "./schedule.ts";
import { openWorkFolder, sweepWorkFolders, type WorkFolder } from "./work-folder.ts";

export type RealiseContext = Omit<
  BuildContext,
  "work" | "sandboxes" | "fetcher" | "handOver" | "slot" | "onBuilt"
> & {
  /** Where the sandbox's tools are looked for, folders apart by `:`. */
  readonly searchPath: string;
};

type RealiseOptions = {
  /** How many builders may run at once, at least 1. */
  readonly jobs: number;
  /** Whether to go on with what does not need a build that failed. */
  readonly keepGoing: boolean;
  /** Whether what is asked for is valid, to be built again and compared. */
  readonly again?: boolean;
  /** How derivations are made by others, by the path of the derivation. */
  readonly renderings?: ReadonlyMap<StorePath, Rendering>;
};

/** How a realisation ended. */
type Realised = {
  /** The outputs of each derivation that was asked for. */
  readonly outputs: ReadonlyMap<StorePath, Outputs>;
  readonly failed: ReadonlyMap<StorePath, CleaveError>;
  /** What was not tried because of what failed. */
  readonly skipped: readonly StorePath[];
  /** What was built here, in no order: not what another process has built meanwhile. */
  readonly built: readonly StorePath[];
};

/** Build whatever is missing of what is wanted. Rejects only where nothing could be tried, or when interrupted. */
export async function realise(
  wanted: readonly Wanted[],
  context: RealiseContext,
  { jobs, keepGoing, again = false, renderings = new Map() }: RealiseOptions,
): Promise<Realised> {
  const { store, emit, searchPath } = context;
  await sweepWorkFolders(store);
  await using place = new Place(store, searchPath);
  const options = { again, renderings, onMissing: () => place.open() };
  const { builds, outputs } = await planBuilds(wanted, store, options);
  if (builds.length === 0) return { outputs, failed: new Map(), skipped: [], built: [] };
  emit({ type: "builds", total: builds.length });
  // The first failure ends what runs, unless it is to go on.
  const stopping = new AbortController();
  const signal = AbortSignal.any([context.signal, stopping.signal]);
  const { work, sandboxes } = place.open();
  let made: Promise<Fetcher> | undefined;
  const fetcher = () => (made ??= openFetcher(context));
  const gates = makeGates(builds);
  const handOver = makeHandOver(builds, work);
  const built: StorePath[] = [];
  const { failed, skipped } = await schedule<BuildNode>(builds, {
    jobs,
    keepGoing,
    needs: (node) => node.needs,
    run: async (node, slot) => {
      const onBuilt = async () => {
        slot.free();
        await gates.passed(node, signal);
      };
      try {
        const ran = await buildDerivation(node, {
          ...context,
          work,
          sandboxes,
          fetcher,
          signal,
          handOver,
          slot,
          onBuilt,
        });
        if (ran) built.push(node.path);
        gates.open(node);
      } catch (error) {
        gates.fail(node);
        if (!keepGoing) stopping.abort(error);
        throw error;
      }
    },
  });
  context.signal.throwIfAborted();
  const errors = new Map<StorePath, CleaveError>();
  const undone = skipped.map((node) => node.path);
  // What was ended because of the first failure has the same reason.
  for (const [node, error] of failed)
    if ([...errors.values()].includes(error as CleaveError)) undone.push(node.path);
    else if (error instanceof CleaveError) errors.set(node.path, error);
    else throw error;
  return { outputs, failed: errors, skipped: undone, built };
}

/** Work out what has to be built for what is wanted, and keep all of it from collectors. */
export async function planBuilds(
  wanted: readonly Wanted[],
  store: LocalStore,
  { onMissing = () => {}, ...options }: GraphOptions & { readonly onMissing?: () => void } = {},
): Promise<BuildGraph> {
  return await missingBuilds(
    wanted,
    {
      outputsOf: async (paths) => {
        const derivations = [...paths];
        await store.addTemporaryRoots(derivations);
        return await store.knownOutputs(derivations);
      },
      validPaths: async (paths) => {
        const outputs = [...paths];
        await store.addTemporaryRoots(outputs);
        return await store.validPaths(outputs);
      },
      read: (path) => readDerivation(store, path),
      onMissing,
    },
    options,
  );
}

/** Make a fetcher. It brings much code with it, which builds without fetching do not wait for. */
async function openFetcher({ emit, userEnv }: RealiseContext): Promise<Fetcher> {
  const { makeFetcher, thisMachine } = await import("../fetch/index.ts");
  return makeFetcher({ emit, machine: thisMachine(userEnv) });
}

/** What builds need of the machine, made when there is something to build. */
class Place implements AsyncDisposable {
  readonly #store: LocalStore;
  readonly #searchPath: string;
  #opened: { readonly work: WorkFolder; readonly sandboxes: Sandboxes } | undefined;

  constructor(store: LocalStore, searchPath: string) {
    this.#store = store;
    this.#searchPath = searchPath;
  }

  open(): { readonly work: WorkFolder; readonly sandboxes: Sandboxes } {
    if (this.#opened === undefined) {
      const work = openWorkFolder(this.#store);
      this.#opened = { work, sandboxes: openSandboxes({ folder: work.path, searchPath: this.#searchPath }) };
    }
    return this.#opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#opened?.sandboxes.close();
    } catch {
      // What it could not take away goes with the folder.
    }
    this.#opened?.work[Symbol.dispose]();
  }
}

/**
 * Read a valid derivation from the store. It was checked when it became valid, so the file only has to be the same
 * still. Throws `derivation-missing`, `derivation-invalid`, and what parsing throws.
 */
function readDerivation(store: LocalStore, path: StorePath): Derivation {
  const file = store.realPath(path);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    if (!hasCode(cause, "ENOENT", "EACCES")) throw codedError(cause, `read ${path}`, store);
    throw new CleaveError({
      code: "derivation-missing",
      message: `the derivation ${path} is valid, but its file cannot be read`,
      hint: "cleave store verify shows what else is damaged",
      location: { file },
      cause,
    });
  }
  const derivation = parseDerivation(bytes, namePart(path).slice(0, -".drv".length));
  const actual = derivationPath(derivation, decodeText(bytes));
  if (actual !== path)
    throw new CleaveError({
      code: "derivation-invalid",
      message: `the derivation ${path} has bytes whose path is ${actual}`,
      hint: "it was altered after it was made; cleave store verify --check-contents shows what else was",
      location: { file },
    });
  return derivation;
}
