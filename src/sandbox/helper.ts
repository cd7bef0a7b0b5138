/**
 * The program that starts sandboxes: process 1 of a pid namespace that the caller's process makes early.
 *
 * It is there for two reasons. Starting a process stops Node for a time that grows with its memory, which this one
 * leaves to its workers. And when it ends, because its caller closed the channel or died, the kernel kills all that is
 * in its namespace: builders that left their session or took away their parent's death signal too.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import { bubblewrap } from "./bubblewrap.ts";
import type { Engine } from "./engine.ts";
import { systemCallFilter } from "./filter.ts";
import { type Answer, type Request, type Setup, sendError } from "./message.ts";
import { childrenOf } from "./processes.ts";
import { checkProgram } from "./program.ts";
import { coveredProc, makeMountPoints, makeRoot } from "./skeleton.ts";
import { checkSpec, type SandboxSpec } from "./spec.ts";
import { makeReadOnly } from "./table.ts";
import { findProgram, findTools, type Tools } from "./tools.ts";
import { unshare } from "./unshare.ts";
import { startWorker, type Worker, writeJob } from "./worker.ts";

type Running = {
  readonly worker: Worker;
  readonly pipe: string;
  /**
   * Both ends of the pipe, held until caller and job have opened theirs: without a reader what is written is lost, and
   * a reader that comes after the last writer is never told of the end.
   */
  readonly ends: readonly number[];
  /** How many of caller and job have not opened theirs. */
  awaited: number;
  killing: boolean;
  ended: boolean;
  drained: boolean;
};

/** Milliseconds between looks at processes that are to be gone. */
const pause = 2;

const { folder, searchPath, engine: wanted }: Setup = JSON.parse(process.argv[2] ?? "");
const running = new Map<number, Running>();
const workers: Worker[] = [];
const idle: Worker[] = [];
const roots = new Map<string, string>();
const freePipes: string[] = [];
let pipes = 0;

process.on("disconnect", () => process.exit());
closeInherited();
try {
  const { engine, tools } = chooseEngine();
  makePipes(tools);
  idle.push(addWorker(tools));
  process.on("message", (request: Request) => handle(request, engine, tools));
  answer({ type: "ready", engine: engine.facts });
} catch (error) {
  answer({ type: "unavailable", error: sendError(error) });
}

function answer(message: Answer): void {
  process.send?.(message);
}

/**
 * Close what this process was started with beside its own: every builder would inherit it. Descriptor 3, the
 * channel, is the status pipe's in every engine.
 */
function closeInherited(): void {
  const closesOnExec = 0o2000000;
  for (const descriptor of readdirSync("/proc/self/fd").map(Number)) {
    if (descriptor <= 3) continue;
    try {
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1];
      if ((Number.parseInt(flags ?? "", 8) & closesOnExec) === 0) closeSync(descriptor);
    } catch {
      // The one that listed the folder.
    }
  }
}

function chooseEngine(): { engine: Engine; tools: Tools } {
  const covered = coveredProc(readFileSync("/proc/self/uid_map", "utf8"));
  const readOnly = makeReadOnly(readFileSync("/proc/self/mountinfo"));
  const bwrap = wanted === "unshare" ? undefined : findProgram("bwrap", searchPath);
  const version = bwrap === undefined ? undefined : readVersion(bwrap);
  if (bwrap !== undefined && version !== undefined && isRecent(version)) {
    const tools = findTools(searchPath, { alone: false });
    const bytes = systemCallFilter(process.arch);
    const filter = bytes === undefined ? undefined : `${folder}/filter`;
    if (bytes !== undefined && filter !== undefined) writeFileSync(filter, bytes);
    return { engine: bubblewrap({ bwrap, tools, filter, readOnly, covered }), tools };
  }
  if (wanted === "bubblewrap")
    throw new CleaveError({
      code: "sandbox-unavailable",
      message:
        version === undefined
          ? "bubblewrap (bwrap) is not on the search path"
          : `bubblewrap is of version ${version}, and 0.8 is the oldest that can shut out user namespaces`,
      hint: "install bubblewrap 0.8 or later, or leave the choice to cleave, which then uses unshare",
    });
  const tools = findTools(searchPath, { alone: true });
  return { engine: unshare({ tools, stage: `${folder}/stage`, readOnly, covered }), tools };
}

function readVersion(bwrap: string): string | undefined {
  const { stdout } = spawnSync(bwrap, ["--version"], { encoding: "utf8", env: {} });
  return /(\d+\.\d+\S*)/.exec(stdout ?? "")?.[1];
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 0 || minor >= 8;
}

function handle(request: Request, engine: Engine, tools: Tools): void {
  const { id } = request;
  const run = running.get(id);
  switch (request.type) {
    case "run":
      try {
        start(id, request.spec, engine, tools);
      } catch (error) {
        answer({ type: "refused", id, error: sendError(error) });
      }
      return;
    case "opened":
      if (run !== undefined) release(run);
      return;
    case "drained":
      if (run === undefined) return;
      run.drained = true;
      forget(id, run);
      return;
    case "kill":
      if (run === undefined || run.killing) return;
      run.killing = true;
      kill(run);
      return;
  }
}

function start(id: number, spec: SandboxSpec, engine: Engine, tools: Tools): void {
  const inputs = checkSpec(spec);
  checkProgram(spec);
  makeMountPoints(spec.store, inputs);
  const launch = engine.prepare({ spec, inputs, root: rootFor(spec), prefix: `${folder}/${id}` });
  if (freePipes.length === 0) makePipes(tools);
  const pipe = freePipes.pop() ?? "";
  const job = `${folder}/${id}.job`;
  writeJob(job, launch, pipe);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY);
  const worker = takeWorker(tools);
  const run: Running = {
    worker,
    pipe,
    ends: [reader, writer],
    awaited: 2,
    killing: false,
    ended: false,
    drained: false,
  };
  running.set(id, run);
  answer({ type: "started", id, pipe });
  let begun = false;
  const begin = () => {
    if (!begun) release(run);
    begun = true;
  };
  worker.carryOut(String(id), begin).then((ended) => {
    begin();
    run.ended = true;
    if (isAlive(worker)) idle.push(worker);
    whenGone(() => {
      for (const file of [job, ...launch.files]) rmSync(file, { force: true });
      answer({ type: "ended", id, ...ended });
      forget(id, run);
    });
  });
}

/** Let go of a run that is over on both sides; its pipe can be used again. */
function forget(id: number, run: Running): void {
  if (run.ended && run.drained && running.delete(id)) freePipes.push(run.pipe);
}

function release(run: Running): void {
  run.awaited -= 1;
  if (run.awaited === 0) for (const end of run.ends) closeSync(end);
}

/** Take a worker that has nothing to do; one may have been killed meanwhile. */
function takeWorker(tools: Tools): Worker {
  for (let worker = idle.pop(); worker !== undefined; worker = idle.pop()) if (isAlive(worker)) return worker;
  return addWorker(tools);
}

function isAlive({ child: { exitCode, signalCode } }: Worker): boolean {
  return exitCode === null && signalCode === null;
}

function addWorker(tools: Tools): Worker {
  const worker = startWorker(tools.sh, folder);
  workers.push(worker);
  return worker;
}

/** Kill the sandbox's process 1, and with it all of its namespace; the engine then reports its end. */
function kill(run: Running): void {
  if (run.ended) return;
  for (const engine of childrenOf(run.worker.child.pid ?? 0)) {
    const inside = childrenOf(engine);
    for (const pid of inside.length > 0 ? inside : [engine]) tryKill(pid);
  }
  setTimeout(() => kill(run), pause);
}

/**
 * Call back when no process is left whose engine is gone. Such processes, which killed their engine or
 * outlived it, are children of this process that it did not start.
 */
function whenGone(done: () => void): void {
  const own = new Set(workers.map(({ child }) => child.pid));
  const orphans = childrenOf(process.pid).filter((pid) => !own.has(pid));
  for (const pid of orphans) tryKill(pid);
  if (orphans.length === 0) done();
  else setTimeout(() => whenGone(done), pause);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function rootFor({ network, shell }: SandboxSpec): string {
  const kind = `${network ? "open" : "closed"}${shell === undefined ? "" : "-shell"}`;
  const made = roots.get(kind);
  if (made !== undefined) return made;
  const root = `${folder}/root-${kind}`;
  makeRoot(root, { network, shell });
  roots.set(kind, root);
  return root;
}

/** Make some more named pipes. Node's own pipes are sockets, which a process cannot open again as `/dev/stdout`. */
function makePipes(tools: Tools): void {
  const paths = Array.from({ length: 16 }, () => `${folder}/pipe-${pipes++}`);
  const { status, stderr, error } = spawnSync(tools.mkfifo, ["-m", "600", ...paths], {
    encoding: "utf8",
    env: {},
  });
  if (status !== 0)
    throw new CleaveError({
      code: "sandbox-setup",
      message: `no named pipe can be made: ${stderr?.trim() || error?.message}`,
      hint: "the folder needs a file system with space left and with named pipes",
      location: { file: folder },
    });
  freePipes.push(...paths);
}
