/**
 * Small shells that start engines. To start a process, Node copies its whole address space first, which takes it 5 ms and
 * more; a shell has next to none. A worker carries out one job at a time and is used again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { encodeText } from "../base/index.ts";
import type { Ended, Launch } from "./engine.ts";
import { shellCommand, shellWord } from "./shell.ts";

export type Worker = {
  readonly child: ChildProcess;
  /**
   * Carry out the job of a file of {@link writeJob}, `NAME.job` in the folder; resolves when its engine has ended.
   * `begun` is called when the job has opened its output.
   */
  readonly carryOut: (name: string, begun: () => void) => Promise<Ended>;
};

/** The jobs' descriptor 3, the status pipe, is the worker's own output, whose last line it writes itself. */
const loop = 'while read -r name; do ( . "$1/$name.job" ); printf "\\nended %s\\n" "$?"; done';

/** Write what a worker does: open the descriptors of a launch, and become its command. */
export function writeJob(file: string, { command, descriptors }: Launch, output: string): void {
  const opened = descriptors.map((path, index) => `${4 + index}<${shellWord(path)}`);
  const text = `exec 3>&1 <>/dev/null >${shellWord(output)} 2>&1 ${opened.join(" ")}\necho begun >&3\nexec ${shellCommand(command)}\n`;
  writeFileSync(file, encodeText(text));
}

/** Start a worker in a session of its own. */
export function startWorker(shell: string, folder: string): Worker {
  const child = spawn(shell, ["-c", loop, "sh", folder], {
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  let said = "";
  let begin: (() => void) | undefined;
  let finish: ((ended: Ended) => void) | undefined;
  const end = (code: number, status: string) => {
    finish?.({ code, status });
    finish = undefined;
    said = "";
  };
  child.stdout.on("data", (chunk) => {
    said = (said + chunk).slice(-8192);
    if (begin !== undefined && said.startsWith("begun\n")) {
      begin();
      begin = undefined;
    }
    const last = /^ended (\d+)\n/m.exec(said);
    if (last !== null) end(Number(last[1]), said.slice(0, last.index).replace(/^begun\n/, ""));
  });
  child.stdin.on("error", () => {});
  child.on("error", (error) => end(-1, error.message));
  child.on("exit", () => end(-1, `${said}the worker was killed`));
  return {
    child,
    carryOut: (name, begun) =>
      new Promise((resolve) => {
        begin = begun;
        finish = resolve;
        child.stdin.write(`${name}\n`);
      }),
  };
}
