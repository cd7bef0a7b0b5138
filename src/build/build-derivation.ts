/** Builds one derivation: waits for its locks, runs its builder, takes what it made. */
import { CleaveError, compareText, type Emit, quote } from "../base/index.ts";
import type { Fetcher } from "../fetch/index.ts";
import { namePart, type StorePath } from "../nix/index.ts";
import type { Sandboxes } from "../sandbox/index.ts";
import { type LocalStore, orderByReferences, type PathInfo } from "../store/index.ts";
import type { BuildNode } from "./build-graph.ts";
import { openLog } from "./build-log.ts";
import { compareOutputs } from "./compare-outputs.ts";
import { isFixed, startOf } from "./environment.ts";
import { codedError } from "./fault.ts";
import type { HandOver } from "./hand-over.ts";
import { type Checked, checkOutput, hasChecks } from "./output-checks.ts";
import { type MadeOutput, readOutputs } from "./outputs.ts";
import { type Graphs, wantedGraphs } from "./references-graph.ts";
import { checkRequirements } from "./requirements.ts";
import { runBuilder } from "./run-builder.ts";
import { isBuiltin, runBuiltin } from "./run-builtin.ts";
import type { Slot } from "./schedule.ts";
import type { BuildFolder, WorkFolder } from "./work-folder.ts";

export type BuildOptions = {
  /** What a builder is told to use, at least 1. */
  readonly cores: number;
  /** Whether the build folder of a failed build stays. */
  readonly keepFailed: boolean;
  /** How long a build may take, in seconds. */
  readonly timeout?: number | undefined;
  /** How long a builder may be silent, in seconds. */
  readonly maxSilent?: number | undefined;
  /** How long a log may be, in bytes. */
  readonly maxLog?: number | undefined;
  /** The host's program that is `/bin/sh` in the sandbox. */
  readonly shell?: string | undefined;
};

export type BuildContext = {
  readonly store: LocalStore;
  readonly work: WorkFolder;
  readonly sandboxes: Sandboxes;
  /** Gives what fetches files from outside, one for all builds. */
  readonly fetcher: () => Promise<Fetcher>;
  readonly options: BuildOptions;
  readonly userEnv: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly handOver: HandOver;
  /** Given up while another process is waited for: that may itself wait for something that this one is still to build. */
  readonly slot: Slot;
  /**
   * Called when the builder has ended and its outputs were looked at: another may start. Settles when the outputs may become
   * valid; throws where they may not.
   */
  readonly onBuilt: () => Promise<void>;
};

/**
 * Build a derivation, unless its outputs are valid by the time that it has their locks; or build it again and
 * compare. Says whether it was built. Its outputs and inputs must be temporary roots already. Throws the `build-` errors and what the sandbox
 * and the store throw; nothing is registered then, and nothing stays but the log and, if asked for, the build folder.
 */
export async function buildDerivation(node: BuildNode, context: BuildContext): Promise<boolean> {
  try {
    return await lockAndBuild(node, context);
  } catch (error) {
    throw codedError(error, `build ${node.path}`, context.store);
  }
}

async function lockAndBuild(node: BuildNode, context: BuildContext): Promise<boolean> {
  const { store, emit, signal, slot } = context;
  const outputs = [...node.outputs.values()];
  const locks = await store.lockPaths(outputs, {
    signal,
    onWait: () => {
      slot.free();
      emit({ type: "build-waiting", derivation: node.path });
    },
  });
  try {
    const valid = await store.validPaths(outputs);
    const wanted = node.again ? outputs : outputs.filter((path) => !valid.has(path));
    if (wanted.length === 0) {
      emit({ type: "build-ended", derivation: node.path, outcome: "valid", seconds: 0 });
      return false;
    }
    await slot.claim();
    await buildAndReport(node, new Set(wanted), context);
    return true;
  } finally {
    locks?.release({ remove: true });
  }
}

async function buildAndReport(
  node: BuildNode,
  wanted: ReadonlySet<StorePath>,
  context: BuildContext,
): Promise<void> {
  const { emit } = context;
  const { path: derivation } = node;
  const begun = performance.now();
  let outcome: "built" | "failed" | "stopped" = "failed";
  emit({ type: "build-started", derivation });
  try {
    await build(node, wanted, context);
    outcome = "built";
  } catch (error) {
    if (context.signal.aborted) outcome = "stopped";
    throw error;
  } finally {
    emit({ type: "build-ended", derivation, outcome, seconds: (performance.now() - begun) / 1000 });
  }
}

async function build(node: BuildNode, wanted: ReadonlySet<StorePath>, context: BuildContext): Promise<void> {
  const { store, work, options, emit, userEnv, signal } = context;
  const { path, derivation, outputs } = node;
  checkRequirements(node);
  const inputs = await inputClosure(node, store);
  const graphs = await graphsOf(node, inputs, store);
  const start = startOf({ derivation, outputs, graphs, cores: options.cores, userEnv });
  const folder = work.makeBuildFolder(namePart(path), { files: start.files, inputs });
  try {
    context.handOver.take(node, folder);
    const log = openLog(store.logFile(path), options.maxLog ?? Number.POSITIVE_INFINITY, {
      line: (line) => emit({ type: "build-log", derivation: path, line }),
      phase: (phase) => emit({ type: "build-phase", derivation: path, phase }),
    });
    try {
      const run = isBuiltin(derivation) ? runBuiltin : runBuilder;
      await run({ node, start, inputs, folder, log }, context);
    } finally {
      log.close();
      folder.reopen();
    }
    const mayTake = context.onBuilt();
    // What it throws is thrown below; meanwhile it is nobody's.
    mayTake.catch(() => {});
    context.handOver.leave(node, folder);
    // Its builder may have handed the open output to somebody on the host's network.
    const apart = isFixed(derivation) && !isBuiltin(derivation) ? folder.apart : undefined;
    const from = { derivation, path, outputs, inputs, apart, signal };
    const made = await readOutputs(from, folder.store, wanted);
    await checkOutputs(node, inputs, made, store);
    await mayTake;
    if (node.again) await compareOutputs(node, made, store);
    else await takeOutputs(made, store);
  } catch (error) {
    if (options.keepFailed && error instanceof CleaveError) keepFolder(path, folder, emit);
    throw error;
  } finally {
    folder.remove();
  }
}

/** Keep the build folder of a failed build. That this cannot be done hides nothing of why it failed. */
function keepFolder(path: StorePath, folder: BuildFolder, emit: Emit): void {
  try {
    const kept = folder.keep(namePart(path).slice(0, -".drv".length));
    emit({ type: "note", message: `the build folder of ${path} is kept at ${quote(kept)}` });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    emit({ type: "warning", message: `the build folder of ${path} cannot be kept: ${why}` });
  }
}

/** Make outputs valid, all at once; killed before that, they are only in the way of the next build. */
async function takeOutputs(made: readonly MadeOutput[], store: LocalStore): Promise<void> {
  const references = new Map(made.map(({ info }) => [info.path, info.references]));
  orderByReferences(references.keys(), (path) => references.get(path) ?? []);
  for (const { tree, info } of made) {
    await store.clear(info.path);
    await store.moveIntoPlace(tree, info.path);
  }
  await store.register(made.map(({ info }) => info));
}

async function checkOutputs(
  { derivation, outputs }: BuildNode,
  inputs: ReadonlySet<StorePath>,
  made: readonly MadeOutput[],
  store: LocalStore,
): Promise<void> {
  if (!hasChecks(derivation)) return;
  const known = new Map<StorePath, Checked>();
  // An output that is valid already may refer to what another build of an input referred to.
  const valid = await store.reached(outputs.values());
  for (const info of await infosOf([...inputs, ...valid], store)) known.set(info.path, info);
  for (const { info } of made) known.set(info.path, info);
  for (const name of outputs.keys())
    checkOutput(derivation, name, outputs, (path) => {
      const info = known.get(path);
      if (info === undefined) throw new Error(`${path} is referred to, but not known`);
      return info;
    });
}

/** Give what a builder can see: the outputs that it needs, its sources, and all that these refer to. */
async function inputClosure({ path, inputs }: BuildNode, store: LocalStore): Promise<ReadonlySet<StorePath>> {
  const closure = await store.reached(inputs);
  for (const each of inputs)
    if (!closure.has(each))
      throw new CleaveError({
        code: "build-missing-input",
        message: `${path} needs ${each}, which is not valid`,
        hint: "add it to the store, or build it first",
      });
  return closure;
}

/** Look up the closures that a derivation asks for. Throws `build-bad-attribute`. */
async function graphsOf(
  { path, derivation }: BuildNode,
  inputs: ReadonlySet<StorePath>,
  store: LocalStore,
): Promise<Graphs> {
  const graphs = new Map<string, readonly PathInfo[]>();
  for (const [name, starts] of wantedGraphs(derivation)) {
    for (const start of starts)
      if (!inputs.has(start))
        throw new CleaveError({
          code: "build-bad-attribute",
          message: `exportReferencesGraph of ${path} names ${start}, which is not in the closure of its inputs`,
          hint: "make it an input of the derivation",
        });
    // As Nix has it: where a derivation is in the closure, its outputs are part of the graph.
    const closure = await store.closure(starts);
    const outputs: StorePath[] = [];
    for (const each of closure)
      if (each.endsWith(".drv")) outputs.push(...(await store.derivationOutputs(each)).values());
    const infos = await infosOf(await store.closure([...closure, ...outputs]), store);
    graphs.set(
      name,
      infos.sort((a, b) => compareText(a.path, b.path)),
    );
  }
  return graphs;
}

async function infosOf(paths: Iterable<StorePath>, store: LocalStore): Promise<PathInfo[]> {
  const infos: PathInfo[] = [];
  for (const path of paths) {
    const info = await store.info(path);
    if (info !== undefined) infos.push(info);
  }
  return infos;
}
