/** Runs processes in sandboxes that programs make, through a helper process that is started early. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { ownModule } from "../base/index.ts";
import { type Ended, type EngineFacts, whyNotRun } from "./engine.ts";
import { describeFailure, readText } from "./failure.ts";
import { type Answer, type Request, receiveError, type Setup } from "./message.ts";
import { type OutputPipe, openOutput } from "./output-pipe.ts";
import {
  closedEarly,
  type Ending,
  killedCode,
  type Sandboxed,
  type Sandboxes,
  type SandboxesOptions,
} from "./sandboxes.ts";
import type { SandboxSpec } from "./spec.ts";
import { findTools } from "./tools.ts";

type Job = {
  readonly output: (chunk: Uint8Array) => void;
  readonly resolve: (ending: Ending) => void;
  readonly reject: (error: unknown) => void;
  killed: boolean;
  /** The beginning of the output, where an engine says why it could not start. */
  head: Buffer;
  pipe: OutputPipe | undefined;
};

/**
 * Set up a place to run sandboxes in. The helper starts at once, beside what the caller does next; what goes
 * wrong with it is the error of `engine` and of each run.
 */
export function openHelped(options: SandboxesOptions): Sandboxes {
  const jobs = new Map<number, Job>();
  let count = 0;
  let closed = false;
  const ready = Promise.withResolvers<EngineFacts>();
  let settled = false;
  const settle = () => {
    settled = true;
    rest();
  };
  const helper = launch(options, ready.reject);
  // Resolves when the helper, and so every sandbox, is gone.
  const gone = Promise.withResolvers<void>();

  if (helper === undefined) gone.resolve();
  else {
    let said = "";
    let open = 2;
    const end = () => {
      open -= 1;
      if (open === 0) lost(said);
    };
    helper.errors.on("data", (chunk) => {
      said = (said + chunk).slice(0, 4096);
    });
    helper.errors.on("close", end);
    helper.child.on("message", (message: Answer) => receive(message));
    helper.child.on("error", (error) => {
      said += error.message;
      if (helper.child.pid === undefined) end();
    });
    helper.child.on("exit", end);
    rest();
  }
  ready.promise.then(settle, settle);

  function lost(said: string): void {
    const error = closed ? closedEarly() : describeFailure(said, readText);
    ready.reject(error);
    for (const [id, job] of jobs) {
      job.reject(error);
      finish(id, job);
    }
    if (helper !== undefined) rmSync(helper.folder, { recursive: true, force: true });
    gone.resolve();
  }

  /** Let this process end while nothing runs. */
  function rest(): void {
    if (helper === undefined) return;
    const change = jobs.size > 0 || !settled || closed ? "ref" : "unref";
    helper.child[change]();
    helper.child.channel?.[change]();
    helper.errors[change]();
  }

  function send(request: Request): void {
    if (helper?.child.connected === true) helper.child.send(request, () => {});
  }

  function receive(message: Answer): void {
    if (message.type === "ready") ready.resolve(message.engine);
    else if (message.type === "unavailable") ready.reject(receiveError(message.error));
    else hear(message);
  }

  function hear(message: Extract<Answer, { readonly id: number }>): void {
    const job = jobs.get(message.id);
    if (job === undefined) return;
    switch (message.type) {
      case "refused":
        job.reject(receiveError(message.error));
        finish(message.id, job);
        return;
      case "ended":
        finish(message.id, job);
        conclude(job, message);
        return;
    }
  }

  /** Take what is left of the output: nobody who could write any more is there. */
  function finish(id: number, job: Job): void {
    try {
      job.pipe?.finish();
    } catch (error) {
      job.reject(error);
    }
    jobs.delete(id);
    rest();
  }

  function conclude(job: Job, ended: Ended): void {
    ready.promise.then(({ name }) => {
      const reason = whyNotRun(name, ended, job.head.toString());
      if (job.killed) job.resolve({ code: killedCode, killed: true });
      else if (reason === undefined) job.resolve({ code: ended.code, killed: false });
      else job.reject(describeFailure(reason, readText));
    }, job.reject);
  }

  /** Have the helper start a job. */
  function begin(id: number, job: Job, spec: SandboxSpec): void {
    const path = `${helper?.folder}/${id}.output`;
    try {
      job.pipe = openOutput(path, (chunk) => {
        if (job.head.length < 4096) job.head = Buffer.concat([job.head, chunk]);
        try {
          job.output(chunk);
        } catch (error) {
          job.reject(error);
          send({ type: "kill", id });
        }
      });
      send({ type: "run", id, spec, output: path });
    } catch (error) {
      job.reject(error);
      finish(id, job);
    }
  }

  function run(spec: SandboxSpec, output: Job["output"]): Sandboxed {
    const id = count++;
    const { promise, resolve, reject } = Promise.withResolvers<Ending>();
    const job: Job = {
      output,
      resolve,
      reject,
      killed: false,
      head: Buffer.alloc(0),
      pipe: undefined,
    };
    jobs.set(id, job);
    rest();
    ready.promise.then(
      () => begin(id, job, spec),
      (error) => {
        jobs.delete(id);
        reject(error);
      },
    );
    return {
      ended: promise,
      kill: () => {
        job.killed = true;
        ready.promise.then(
          () => send({ type: "kill", id }),
          () => {},
        );
      },
    };
  }

  async function close(): Promise<void> {
    closed = true;
    rest();
    if (helper?.child.connected === true) helper.child.disconnect();
    await gone.promise;
  }

  return { engine: ready.promise, run, close, [Symbol.asyncDispose]: close };
}

/** Start the helper in a pid namespace of its own, to be killed when this process dies. */
function launch(
  { folder, searchPath, engine }: SandboxesOptions,
  reject: (error: unknown) => void,
): { readonly child: ChildProcess; readonly errors: Socket; readonly folder: string } | undefined {
  try {
    const tools = findTools(searchPath, ["setpriv", "unshare"]);
    const compileCache = getCompileCacheDir()?.replace(/\/[^/]+$/, "");
    const own = mkdtempSync(`${folder}/sandbox-`);
    const setup: Setup = { folder: own, searchPath, engine };
    const helper = fileURLToPath(ownModule("sandbox/helper.ts"));
    const child = spawn(
      tools.setpriv,
      [
        ...["--no-new-privs", "--pdeathsig", "KILL", "--", tools.unshare],
        ...(isPrivileged() ? [] : ["--user", "--map-root-user"]),
        ...["--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "slave"],
        ...[process.execPath, helper, JSON.stringify(setup)],
      ],
      {
        cwd: "/",
        env: {
          // Where this process keeps its compiled code, the helper finds its own in half the time.
          ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }),
        },
        // Signals from the terminal are for this process to handle.
        detached: true,
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        serialization: "advanced",
      },
    );
    if (!(child.stderr instanceof Socket)) throw new Error("a pipe of a child process is a socket");
    return { child, errors: child.stderr, folder: own };
  } catch (error) {
    reject(error);
    return undefined;
  }
}

/** Whether this process may make namespaces without a user namespace (CAP_SYS_ADMIN, linux/capability.h). */
function isPrivileged(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText("/proc/self/status") ?? "")?.[1] ?? "0";
  return (BigInt(`0x${effective}`) >> 21n) % 2n === 1n;
}
