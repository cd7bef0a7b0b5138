/**
 * Runs processes in sandboxes without any program: a new process makes the sandbox around itself by system calls
 * (`sandbox-calls.ts`), and then becomes the builder. Around it is one that ends with the caller's process, whatever the builder
 * does, and that no builder can reach.
 *
 * Most of that is the same for all jobs of a kind. So the next process is made, and goes that far, while the builder of
 * the one before runs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import type { EngineFacts } from "./engine.ts";
import { describeFailure, readText } from "./failure.ts";
import { type OutputPipe, openOutput } from "./output-pipe.ts";
import { checkProgram } from "./program.ts";
import { type SandboxCalls, sandboxCalls } from "./sandbox-calls.ts";
import {
  closedEarly,
  type Ending,
  killedCode,
  type Sandboxed,
  type Sandboxes,
  type SandboxesOptions,
} from "./sandboxes.ts";
import { type Kind, makeMountPoints, makeRoots } from "./skeleton.ts";
import { checkSpec, type KnownInputs, type SandboxSpec } from "./spec.ts";
import { type Process, startProcess } from "./system-calls.ts";

/** A process that waits for a job, or has one. */
type Started = {
  readonly process: Process;
  readonly pid: number;
  /** Called when nothing of it is left. */
  onEnd: (code: number) => void;
};

/** All that were started and not waited for. */
const alive = new Map<number, Started>();

function reap(): void {
  for (const [pid, { process: each, onEnd }] of alive) {
    const code = each.end();
    if (code === undefined) continue;
    alive.delete(pid);
    onEnd(code);
  }
  if (alive.size === 0) process.off("SIGCHLD", reap);
}

function kill({ pid }: Started): void {
  // Its number is its own until it is waited for.
  if (alive.has(pid)) process.kill(pid, "SIGKILL");
}

/** Set up a place to run sandboxes in. */
export function openDirect({ folder }: SandboxesOptions): Sandboxes {
  try {
    return openPlace(mkdtempSync(`${folder}/sandbox-`), sandboxCalls());
  } catch (error) {
    const failed = async () => {
      throw error;
    };
    const close = async () => {};
    const engine = failed();
    engine.catch(() => {});
    return { engine, run: () => ({ ended: failed(), kill: () => {} }), close, [Symbol.asyncDispose]: close };
  }
}

function openPlace(folder: string, calls: SandboxCalls): Sandboxes {
  const rootFor = makeRoots(folder);
  const known: KnownInputs = new Map();
  const own = new Set<Started>();
  /** What waits for a job, by the kind that it is ready for. */
  const ready = new Map<string, Started>();
  const rejections = new Set<(error: unknown) => void>();
  let count = 0;
  let closing: Promise<void> | undefined;
  const empty = Promise.withResolvers<void>();

  /** Start a process and let it come as far as it can without a job; gives why there is none, where there is none. */
  function startKind(kind: Kind): Started | string {
    const request = calls.prepare(kind, rootFor(kind));
    if (alive.size === 0) process.on("SIGCHLD", reap);
    const started = startProcess(request);
    if (started.pid === undefined) {
      if (alive.size === 0) process.off("SIGCHLD", reap);
      return started.failure() ?? "";
    }
    const entry: Started = { process: started, pid: started.pid, onEnd: () => forget(entry) };
    alive.set(entry.pid, entry);
    own.add(entry);
    return entry;
  }

  function forget(started: Started): void {
    own.delete(started);
    if (own.size === 0 && closing !== undefined) empty.resolve();
  }

  function takeKind(kind: Kind): Started | string {
    const waiting = ready.get(keyOf(kind));
    ready.delete(keyOf(kind));
    return waiting !== undefined && own.has(waiting) ? waiting : startKind(kind);
  }

  function makeReady(kind: Kind): void {
    // By the time of the next job the host may have another `resolv.conf`.
    if (kind.network) return;
    if (closing !== undefined || ready.has(keyOf(kind))) return;
    try {
      const next = startKind(kind);
      if (typeof next !== "string") ready.set(keyOf(kind), next);
    } catch {
      // The next job tries again, and can say why not.
    }
  }

  function run(spec: SandboxSpec, output: (chunk: Uint8Array) => void): Sandboxed {
    const { promise: ended, resolve, reject } = Promise.withResolvers<Ending>();
    let started: Started | undefined;
    let killed = false;
    let pipe: OutputPipe | undefined;
    const end = (): void => {
      rejections.delete(reject);
      try {
        pipe?.finish();
      } catch (error) {
        reject(error);
      }
    };
    const stop = (): void => {
      if (started !== undefined) kill(started);
    };
    const begin = (): void => {
      const inputs = checkSpec(spec, known);
      checkProgram(spec);
      makeMountPoints(spec.store, inputs);
      const path = `${folder}/${count++}.output`;
      pipe = openOutput(path, (chunk) => {
        try {
          output(chunk);
        } catch (error) {
          reject(error);
          stop();
        }
      });
      const kind: Kind = { network: spec.network, shell: spec.shell };
      const taken = takeKind(kind);
      if (typeof taken === "string") throw describeFailure(taken, readText);
      started = taken;
      taken.onEnd = (code) => {
        end();
        forget(taken);
        const failure = taken.process.failure();
        if (killed) resolve({ code: killedCode, killed });
        else if (failure === undefined) resolve({ code, killed });
        else reject(describeFailure(failure, readText));
      };
      taken.process.goOn(calls.become({ spec, inputs, root: rootFor(kind), output: path }));
      setImmediate(() => makeReady(kind));
    };
    rejections.add(reject);
    try {
      if (closing !== undefined) throw closedEarly();
      begin();
    } catch (error) {
      reject(error);
      stop();
      if (started === undefined) end();
    }
    return {
      ended,
      kill: () => {
        killed = true;
        stop();
      },
    };
  }

  async function endAll(): Promise<void> {
    for (const reject of rejections) reject(closedEarly());
    for (const each of own) kill(each);
    // A signal that is waited for does not keep Node from ending.
    const awake = setInterval(() => {}, 1000);
    if (own.size > 0) await empty.promise;
    clearInterval(awake);
    rmSync(folder, { recursive: true, force: true });
  }

  const close = (): Promise<void> => {
    closing ??= endAll();
    return closing;
  };

  const engine: Promise<EngineFacts> = Promise.resolve({ name: "direct", filter: calls.filter });
  return { engine, run, close, [Symbol.asyncDispose]: close };
}

function keyOf({ network, shell }: Kind): string {
  return `${network} ${shell}`;
}
