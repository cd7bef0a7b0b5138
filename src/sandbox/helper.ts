/**
 * The program that starts sandboxes: process 1 of a pid namespace that the caller's process makes early.
 *
 * When it ends, because its caller closed the channel or died, the kernel kills all that is in its namespace: builders
 * that left their session or took away their parent's death signal too.
 */
import { spawnSync } from "node:child_process";
import { closeSync, readdirSync, readFileSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import type { Engine, Running } from "./engine.ts";
import { systemCallFilter } from "./filter.ts";
import { dumpNoCore, fixAddresses, loadFilter } from "./libc.ts";
import { type Answer, type Request, type Setup, sendError } from "./message.ts";
import { checkProgram } from "./program.ts";
import { coveredProc, makeMountPoints, makeRoots } from "./skeleton.ts";
import { checkSpec, type KnownInputs } from "./spec.ts";
import { makeReadOnly } from "./table.ts";
import { findProgram, findTools } from "./tools.ts";

const { folder, searchPath, engine: wanted }: Setup = JSON.parse(process.argv[2] ?? "");
const running = new Map<number, Running>();
const rootFor = makeRoots(folder);
const known: KnownInputs = new Map();

process.on("disconnect", () => process.exit());
closeInherited();
try {
  // Every builder inherits this, and Nix gives it to its own.
  process.umask(0o022);
  dumpNoCore();
  fixAddresses();
  const filter = systemCallFilter(process.arch);
  if (filter !== undefined) loadFilter(filter);
  const engine = await chooseEngine();
  process.on("message", (request: Request) => handle(request, engine));
  answer({ type: "ready", engine: { name: engine.name, filter: filter !== undefined } });
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

/** Choose the engine, and load no code of others. */
async function chooseEngine(): Promise<Engine> {
  const covered = coveredProc(readFileSync("/proc/self/uid_map", "utf8"));
  const readOnly = makeReadOnly(readFileSync("/proc/self/mountinfo"));
  const { byWorkers } = await import("./worker.ts");
  const bwrap = wanted === "unshare" ? undefined : findProgram("bwrap", searchPath);
  const version = bwrap === undefined ? undefined : readVersion(bwrap);
  if (bwrap !== undefined && version !== undefined && isRecent(version)) {
    const { bubblewrap, bubblewrapTools } = await import("./bubblewrap.ts");
    const tools = findTools(searchPath, bubblewrapTools);
    return byWorkers(bubblewrap({ bwrap, tools, readOnly, covered }), {
      shell: tools.sh,
      folder,
      searchPath,
    });
  }
  if (wanted === "bubblewrap")
    throw new CleaveError({
      code: "sandbox-unavailable",
      message:
        version === undefined
          ? "bubblewrap (bwrap) is not on the search path"
          : `bubblewrap is of version ${version}, and 0.8 is the oldest that can shut out user namespaces`,
      hint: "install bubblewrap 0.8 or later, or leave the choice to cleave",
    });
  const { unshare, unshareTools } = await import("./unshare.ts");
  const tools = findTools(searchPath, unshareTools);
  const engine = unshare({ tools, stage: `${folder}/stage`, readOnly, covered });
  return byWorkers(engine, { shell: tools.sh, folder, searchPath });
}

function readVersion(bwrap: string): string | undefined {
  const { stdout } = spawnSync(bwrap, ["--version"], { encoding: "utf8", env: {} });
  return /(\d+\.\d+\S*)/.exec(stdout ?? "")?.[1];
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 0 || minor >= 8;
}

function handle(request: Request, engine: Engine): void {
  const { id } = request;
  switch (request.type) {
    case "run":
      try {
        start(request, engine);
      } catch (error) {
        answer({ type: "refused", id, error: sendError(error) });
      }
      return;
    case "kill":
      running.get(id)?.kill();
      return;
  }
}

function start({ id, spec, output }: Extract<Request, { type: "run" }>, engine: Engine): void {
  const inputs = checkSpec(spec, known);
  checkProgram(spec);
  makeMountPoints(spec.store, inputs);
  const run = engine.start({ spec, inputs, root: rootFor(spec), prefix: `${folder}/${id}`, output });
  running.set(id, run);
  run.ended.then((ended) => {
    running.delete(id);
    answer({ type: "ended", id, ...ended });
  });
}
