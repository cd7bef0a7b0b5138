/** Runs a builder in its sandbox, and ends it when it takes too long, is silent for too long or says too much. */
import { statfsSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";
import type { Sandboxed, SandboxInput } from "../sandbox/index.ts";
import type { LocalStore } from "../store/index.ts";
import type { BuildContext } from "./build-derivation.ts";
import type { BuildNode } from "./build-graph.ts";
import type { BuildLog } from "./build-log.ts";
import { type BuilderStart, buildFolder, isFixed } from "./environment.ts";
import { afterSeconds } from "./timer.ts";
import type { BuildFolder } from "./work-folder.ts";

export type BuilderRun = {
  readonly node: BuildNode;
  readonly start: BuilderStart;
  /** All store paths that it may see. */
  readonly inputs: ReadonlySet<StorePath>;
  readonly folder: BuildFolder;
  readonly log: BuildLog;
};

/** Run a builder. Throws `build-failed`, `build-timeout`, `build-log-too-long`, and what the sandbox throws. */
export async function runBuilder(run: BuilderRun, context: BuildContext): Promise<void> {
  const { node, log, folder } = run;
  const { code, killed } = await runLimited(run, context);
  context.signal.throwIfAborted();
  if (code !== 0 || killed) throw failure(node, code, log, folder);
}

async function runLimited(
  { node, start, inputs, folder, log }: BuilderRun,
  { store, sandboxes, options, signal }: BuildContext,
): Promise<Awaited<Sandboxed["ended"]>> {
  let reason: CleaveError | undefined;
  let heard = performance.now();
  const stop = (code: "build-timeout" | "build-log-too-long", what: string, hint: string): void => {
    reason ??= new CleaveError({
      code,
      message: `the builder of ${node.path} ${what}, and was ended`,
      hint,
    });
    kill();
  };
  const { ended, kill } = sandboxes.run(
    {
      program: start.program,
      args: start.args,
      env: start.env,
      cwd: buildFolder,
      inputs: inputsIn(store, inputs),
      store: folder.store,
      build: folder.build,
      shell: options.shell,
      network: isFixed(node.derivation),
      is32Bit: node.derivation.platform === "i686-linux",
    },
    (chunk) => {
      heard = performance.now();
      log.write(chunk);
      if (options.maxLog !== undefined && log.size() > options.maxLog)
        stop("build-log-too-long", `has written more than ${options.maxLog} bytes`, "raise --max-log");
    },
  );
  const { timeout, maxSilent } = options;
  const callOff =
    timeout === undefined
      ? undefined
      : afterSeconds(timeout, () =>
          stop("build-timeout", `has run for ${timeout} s`, "raise --timeout, or mend the build"),
        );
  const listening =
    maxSilent === undefined
      ? undefined
      : setInterval(
          () => {
            if (performance.now() - heard > maxSilent * 1000)
              stop(
                "build-timeout",
                `has been silent for ${maxSilent} s`,
                "raise --max-silent-time, or mend the build",
              );
          },
          Math.min(1000, maxSilent * 100),
        );
  signal.addEventListener("abort", kill, { once: true });
  if (signal.aborted) kill();
  try {
    const ending = await ended;
    if (reason !== undefined) throw reason;
    return ending;
  } finally {
    signal.removeEventListener("abort", kill);
    callOff?.();
    clearInterval(listening);
  }
}

/** Say where the inputs of a builder lie. */
export function inputsIn(store: LocalStore, inputs: ReadonlySet<StorePath>): SandboxInput[] {
  return [...inputs].map((each) => ({ host: store.realPath(each), inside: each }));
}

/** Less space than this may be why a build failed, in bytes. */
const littleSpace = 8 * 2 ** 20;
/** Programs end with larger codes too: perl with 255. */
const lastSignal = 64;

function failure({ path }: BuildNode, code: number, log: BuildLog, folder: BuildFolder): CleaveError {
  const phase = log.phase();
  const where = phase === undefined ? "" : ` in the phase ${phase}`;
  const signal = code - 128;
  const how =
    signal > 0 && signal <= lastSignal ? `was ended by signal ${signal}` : `failed with exit code ${code}`;
  const lines = log.tail(10);
  const shown =
    lines.length === 0
      ? "; it said nothing"
      : `; it said last:\n${lines.map((line) => `    ${line}`).join("\n")}`;
  const { bavail, bsize } = statfsSync(folder.build);
  const full = bavail * bsize < littleSpace ? "the disk is full, cleave store gc may free space on it; " : "";
  return new CleaveError({
    code: "build-failed",
    message: `the builder of ${path} ${how}${where}${shown}`,
    hint: `${full}cleave log ${path} shows all of it; --keep-failed keeps the build folder`,
  });
}
