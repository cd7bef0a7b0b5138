/**
 * Starts engines that are programs, by small shells. To start a process, Node copies its whole address space first, which
 * takes it 5 ms and more; a shell has next to none. A worker carries out one job at a time and is used again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { encodeText } from "../base/index.ts";
import type { Ended, Engine, Launch, ProgramEngine } from "./engine.ts";
import { childrenOf } from "./processes.ts";
import { shellCommand, shellWord } from "./shell.ts";
import { findTools } from "./tools.ts";

type Worker = {
  readonly child: ChildProcess;
  /** Carry out the job of a file of {@link writeJob}, by its name in the folder; resolves when its engine has ended. */
  readonly carryOut: (name: string) => Promise<Ended>;
};

/** Milliseconds between looks at processes that are to be gone. */
const pause = 2;

/** Make an engine of one that is a program. This process must be the first of its pid namespace. */
export function byWorkers(
  { name, prepare }: ProgramEngine,
  {
    shell,
    folder,
    searchPath,
  }: { readonly shell: string; readonly folder: string; readonly searchPath: string },
): Engine {
  const workers: Worker[] = [];
  const idle: Worker[] = [];
  idle.push(addWorker());

  function addWorker(): Worker {
    const worker = startWorker(shell, folder);
    workers.push(worker);
    return worker;
  }

  /** Take a worker that has nothing to do; one may have been killed meanwhile. */
  function takeWorker(): Worker {
    for (let worker = idle.pop(); worker !== undefined; worker = idle.pop())
      if (isAlive(worker)) return worker;
    return addWorker();
  }

  /**
   * Wait until no process is left whose engine is gone. Such processes, which killed their engine or
   * outlived it, are children of this process that it did not start.
   */
  async function orphansGone(): Promise<void> {
    const own = new Set(workers.map(({ child }) => child.pid));
    for (;;) {
      const orphans = childrenOf(process.pid).filter((pid) => !own.has(pid));
      if (orphans.length === 0) return;
      for (const pid of orphans) tryKill(pid);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  return {
    name,
    start: (job) => {
      const launch = job.spec.is32Bit === true ? in32Bits(prepare(job), searchPath) : prepare(job);
      const file = `${job.prefix}.job`;
      writeJob(file, launch, job.output);
      const worker = takeWorker();
      let isOver = false;
      let killing = false;
      // The sandbox's process 1, and with it all of its namespace; the engine then reports its end.
      const kill = (): void => {
        if (isOver) return;
        for (const engine of childrenOf(worker.child.pid ?? 0)) {
          const inside = childrenOf(engine);
          for (const pid of inside.length > 0 ? inside : [engine]) tryKill(pid);
        }
        setTimeout(kill, pause);
      };
      const run = async (): Promise<Ended> => {
        const ended = await worker.carryOut(basename(file));
        isOver = true;
        if (isAlive(worker)) idle.push(worker);
        await orphansGone();
        for (const each of [file, ...launch.files]) rmSync(each, { force: true });
        return ended;
      };
      return {
        ended: run(),
        kill: () => {
          if (!killing) kill();
          killing = true;
        },
      };
    },
  };
}

/** Have a launch tell that the machine has 32 bits; addresses stay fixed. Throws `sandbox-unavailable`. */
function in32Bits(launch: Launch, searchPath: string): Launch {
  const { setarch } = findTools(searchPath, ["setarch"]);
  return { ...launch, command: [setarch, "linux32", "-R", ...launch.command] };
}

function isAlive({ child: { exitCode, signalCode } }: Worker): boolean {
  return exitCode === null && signalCode === null;
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/** The jobs' descriptor 3, the status pipe, is the worker's own output, whose last line it writes itself. */
const loop = 'while read -r name; do ( . "$1/$name" ); printf "\\nended %s\\n" "$?"; done';

/** Write what a worker does: open the descriptors of a launch, and become its command. */
function writeJob(file: string, { command, descriptors }: Launch, output: string): void {
  const opened = descriptors.map((path, index) => `${4 + index}<${shellWord(path)}`);
  const text = `exec 3>&1 <>/dev/null >${shellWord(output)} 2>&1 ${opened.join(" ")}\nexec ${shellCommand(command)}\n`;
  writeFileSync(file, encodeText(text));
}

/** Start a worker in a session of its own. */
function startWorker(shell: string, folder: string): Worker {
  const child = spawn(shell, ["-c", loop, "sh", folder], {
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  let said = "";
  let finish: ((ended: Ended) => void) | undefined;
  const end = (code: number, status: string) => {
    finish?.({ code, status });
    finish = undefined;
    said = "";
  };
  child.stdout.on("data", (chunk) => {
    said = (said + chunk).slice(-8192);
    const last = /^ended (\d+)\n/m.exec(said);
    if (last !== null) end(Number(last[1]), said.slice(0, last.index));
  });
  child.stdin.on("error", () => {});
  child.on("error", (error) => end(-1, error.message));
  child.on("exit", () => end(-1, `${said}the worker was killed`));
  return {
    child,
    carryOut: (name) =>
      new Promise((resolve) => {
        finish = resolve;
        child.stdin.write(`${name}\n`);
      }),
  };
}
