/** Builds one derivation: waits for its locks, runs its builder in a sandbox, takes its outputs. */
import { CleaveError, compareText, type Emit, quote } from "../base/index.ts";
import { namePart, type StorePath } from "../nix/index.ts";
import type { Sandboxed, Sandboxes, SandboxInput, SandboxSpec } from "../sandbox/index.ts";
import type { LocalStore, PathInfo } from "../store/index.ts";
import { makeBuildFolder, stateFolder } from "./build-folder.ts";
import type { BuildNode } from "./build-graph.ts";
import { type BuildLog, openLog } from "./build-log.ts";
import { buildFolder, isFixed, startOf } from "./environment.ts";
import { type Checked, checkOutput, hasChecks } from "./output-checks.ts";
import { type MadeOutput, readOutputs } from "./outputs.ts";
import { type GraphNode, type Graphs, wantedGraphs } from "./references-graph.ts";

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
  readonly sandboxes: Sandboxes;
  readonly options: BuildOptions;
  readonly userEnv: Readonly<Record<string, string | undefined>>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
};

/**
 * Build a derivation, unless its outputs are valid by the time that it has their locks. Throws `build-failed`,
 * `build-timeout`, `build-log-too-long`, `build-platform`, `build-missing-input`, and what taking and checking
 * outputs throws; nothing is registered then, and nothing stays but the log and, if asked for, the build folder.
 */
export async function buildDerivation(node: BuildNode, context: BuildContext): Promise<void> {
  const { store, emit, signal } = context;
  const outputs = [...node.outputs.values()];
  // What is being built is safe from collectors before anybody could see it.
  await store.addTemporaryRoots([node.path, ...outputs]);
  const locks = await store.lockPaths(outputs, {
    signal,
    onWait: () => emit({ type: "build-waiting", derivation: node.path }),
  });
  try {
    const valid = await store.validPaths(outputs);
    const missing = new Set(outputs.filter((path) => !valid.has(path)));
    if (missing.size > 0) await runAndReport(node, missing, context);
    else emit({ type: "build-ended", derivation: node.path, outcome: "valid", seconds: 0 });
  } finally {
    locks?.release({ remove: true });
  }
}

async function runAndReport(
  node: BuildNode,
  missing: ReadonlySet<StorePath>,
  context: BuildContext,
): Promise<void> {
  const { emit } = context;
  const { path: derivation } = node;
  const begun = performance.now();
  let outcome: "built" | "failed" = "failed";
  emit({ type: "build-started", derivation });
  try {
    await runBuilder(node, missing, context);
    outcome = "built";
  } finally {
    emit({ type: "build-ended", derivation, outcome, seconds: (performance.now() - begun) / 1000 });
  }
}

async function runBuilder(
  node: BuildNode,
  missing: ReadonlySet<StorePath>,
  context: BuildContext,
): Promise<void> {
  const { store, options, emit, userEnv, signal } = context;
  const { path, derivation, outputs } = node;
  checkPlatform(node);
  const inputs = await inputClosure(node, store);
  const { program, args, env, files } = startOf({
    derivation,
    outputs,
    graphs: await graphsOf(node, inputs, store),
    cores: options.cores,
    userEnv,
  });
  const folder = makeBuildFolder(stateFolder(store), namePart(path), files);
  const log = openLog(store.logFile(path), options.maxLog ?? Number.POSITIVE_INFINITY, (line) =>
    emit({ type: "build-log", derivation: path, line }),
  );
  try {
    const { code, killed } = await runLimited(node, context, log, {
      program,
      args,
      env,
      cwd: buildFolder,
      inputs: [...inputs].map((each): SandboxInput => ({ host: store.realPath(each), inside: each })),
      store: folder.store,
      build: folder.build,
      shell: options.shell,
      network: isFixed(derivation),
    });
    signal.throwIfAborted();
    if (code !== 0 || killed) throw failure(node, code, log);
    const made = await readOutputs({ derivation, path, outputs, inputs }, folder.store, missing);
    if (hasChecks(derivation)) await checkOutputs(node, inputs, made, store);
    for (const { tree, info } of made) {
      await store.clear(info.path);
      await store.moveIntoPlace(tree, info.path);
    }
    await store.register(made.map(({ info }) => info));
  } catch (error) {
    if (options.keepFailed && error instanceof CleaveError) {
      const kept = folder.keep(namePart(path).slice(0, -".drv".length));
      emit({ type: "note", message: `the build folder of ${path} is kept at ${quote(kept)}` });
    }
    throw error;
  } finally {
    log.close();
    folder.remove();
  }
}

async function checkOutputs(
  { derivation, outputs }: BuildNode,
  inputs: ReadonlySet<StorePath>,
  made: readonly MadeOutput[],
  store: LocalStore,
): Promise<void> {
  const known = new Map<StorePath, Checked>();
  for (const info of await infosOf([...inputs, ...outputs.values()], store)) known.set(info.path, info);
  for (const { info } of made) known.set(info.path, info);
  for (const name of outputs.keys())
    checkOutput(derivation, name, outputs, (path) => {
      const info = known.get(path);
      if (info === undefined) throw new Error(`${path} is referred to, but not known`);
      return info;
    });
}

/** Run the builder, and end it when it takes too long, is silent for too long or says too much. */
async function runLimited(
  { path }: BuildNode,
  { sandboxes, options, signal }: BuildContext,
  log: BuildLog,
  spec: SandboxSpec,
): Promise<Awaited<Sandboxed["ended"]>> {
  let reason: CleaveError | undefined;
  let heard = performance.now();
  const { ended, kill } = sandboxes.run(spec, (chunk) => {
    heard = performance.now();
    log.write(chunk);
    if (options.maxLog !== undefined && log.size() > options.maxLog)
      stop("build-log-too-long", `has written more than ${options.maxLog} bytes`, "raise --max-log");
  });
  const stop = (code: "build-timeout" | "build-log-too-long", what: string, hint: string): void => {
    reason ??= new CleaveError({ code, message: `the builder of ${path} ${what}, and was ended`, hint });
    kill();
  };
  const { timeout, maxSilent } = options;
  const timers: NodeJS.Timeout[] = [];
  if (timeout !== undefined)
    timers.push(
      setTimeout(
        () => stop("build-timeout", `has run for ${timeout} s`, "raise --timeout, or mend the build"),
        timeout * 1000,
      ),
    );
  if (maxSilent !== undefined)
    timers.push(
      setInterval(
        () => {
          if (performance.now() - heard > maxSilent * 1000)
            stop(
              "build-timeout",
              `has been silent for ${maxSilent} s`,
              "raise --max-silent-time, or mend the build",
            );
        },
        Math.min(1000, maxSilent * 100),
      ),
    );
  signal.addEventListener("abort", kill, { once: true });
  try {
    const ending = await ended;
    if (reason !== undefined) throw reason;
    return ending;
  } finally {
    signal.removeEventListener("abort", kill);
    for (const timer of timers) clearTimeout(timer);
  }
}

function failure({ path }: BuildNode, code: number, log: BuildLog): CleaveError {
  const how = code > 128 ? `was ended by signal ${code - 128}` : `failed with exit code ${code}`;
  const lines = log.tail(10);
  const shown =
    lines.length === 0
      ? "; it said nothing"
      : `; it said last:\n${lines.map((line) => `    ${line}`).join("\n")}`;
  return new CleaveError({
    code: "build-failed",
    message: `the builder of ${path} ${how}${shown}`,
    hint: `cleave log ${path} shows all of it; --keep-failed keeps the build folder`,
  });
}

function checkPlatform({ path, derivation }: BuildNode): void {
  const { platform } = derivation;
  const machines: Readonly<Record<string, readonly string[]>> = {
    x64: ["x86_64-linux", "i686-linux"],
    arm64: ["aarch64-linux"],
  };
  const own = machines[process.arch] ?? [];
  if (own.includes(platform)) return;
  throw new CleaveError({
    code: "build-platform",
    message: `${path} is to be built on ${platform}, and this machine is ${own[0] ?? process.arch}`,
    hint: "build it on such a machine",
  });
}

/** Give what a builder can see: the outputs that it needs, its sources, and all that these refer to. */
async function inputClosure(
  { path, derivation }: BuildNode,
  store: LocalStore,
): Promise<ReadonlySet<StorePath>> {
  const direct = new Set<StorePath>(derivation.inputSrcs);
  for (const [input, { outputs }] of derivation.inputDrvs) {
    const known = await store.derivationOutputs(input);
    for (const name of outputs) {
      const output = known.get(name);
      if (output !== undefined) direct.add(output);
    }
  }
  const valid = await store.validPaths(direct);
  for (const each of direct)
    if (!valid.has(each))
      throw new CleaveError({
        code: "build-missing-input",
        message: `${path} needs ${each}, which is not valid`,
        hint: "add it to the store, or build it first",
      });
  return new Set(await store.closure(direct));
}

/** Look up the closures that a derivation asks for. Throws `build-bad-attribute`. */
async function graphsOf(
  { path, derivation }: BuildNode,
  inputs: ReadonlySet<StorePath>,
  store: LocalStore,
): Promise<Graphs> {
  const graphs = new Map<string, readonly GraphNode[]>();
  for (const [name, starts] of wantedGraphs(derivation)) {
    for (const start of starts)
      if (!inputs.has(start))
        throw new CleaveError({
          code: "build-bad-attribute",
          message: `exportReferencesGraph of ${path} names ${start}, which is not in the closure of its inputs`,
          hint: "make it an input of the derivation",
        });
    const infos = await infosOf(await store.closure(starts), store);
    const sizes = new Map(infos.map((each) => [each.path, each.narSize]));
    const nodes: GraphNode[] = [];
    for (const info of infos.sort((a, b) => compareText(a.path, b.path))) {
      let closureSize = 0;
      for (const each of await store.closure([info.path])) closureSize += sizes.get(each) ?? 0;
      nodes.push({ ...info, closureSize });
    }
    graphs.set(name, nodes);
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
