import { spawn } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { CleaveError } from "../../base/index.ts";
import type { StorePath } from "../../nix/index.ts";
import { nixSystem, type Package } from "../../package/index.ts";
import { storeView } from "../../sandbox/index.ts";
import type { LocalStore } from "../../store/index.ts";
import { buildContext, buildOptions, reportFailures, searchPathOf } from "../build-options.ts";
import type { Command, Io } from "../command.ts";
import { undoable } from "../interrupt.ts";
import { withStore } from "../local-store.ts";
import { buildPackages, evaluate, readScheduling } from "../package-build.ts";
import { setOptions, withPackages } from "../package-set.ts";

export const run: Command = {
  usage: "[--program NAME] ATTR [-- ARGUMENT...]",
  summary: "Build a package unless it is there, and run its program.",
  details:
    "The program is the one that the package names as meta.mainProgram, or that has the package's name. It sees the machine as it\n" +
    "is, and the store at /nix/store wherever that lies. Its exit code is that of the command.",
  options: {
    program: { type: "string", value: "NAME", summary: "another program of the package" },
    "no-check": { type: "boolean", summary: "do not wait for checks" },
    ...setOptions,
    ...buildOptions,
  },
  arity: [1, Infinity],
  run: async (args, io) => {
    if (args.flag("json-events")) io.reportJson();
    const started = await withStore(io, (store) =>
      withPackages(args, io, async (set) => {
        const made = set.package(args.positionals[0] ?? "");
        evaluate([made]);
        checkMachine(made);
        return await undoableStart(async (signal) => {
          const { failed, skipped } = await buildPackages([made], buildContext(args, io, { store, signal }), {
            partition: undefined,
            check: !args.flag("no-check"),
            again: false,
            ...readScheduling(args, set),
          });
          const code = reportFailures({ failed, skipped }, io);
          if (code !== 0) return { code };
          return { command: commandFor(made, args.value("program"), args.positionals.slice(1), store, io) };
        });
      }),
    );
    if (started.command === undefined) return started.code ?? 1;
    return await runInForeground(started.command, io);
  },
};

type Outcome = {
  readonly code?: number;
  readonly command?: { readonly file: string; readonly args: readonly string[] };
};

/** Do work that can be stopped, and give what it found. */
async function undoableStart(work: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome = {};
  const code = await undoable(async (signal) => {
    outcome = await work(signal);
    return outcome.code ?? 0;
  });
  return outcome.command === undefined ? { code } : outcome;
}

/** Throws `run-platform` for what no program of this machine can start. */
function checkMachine(made: Package): void {
  const { host } = made.config.platforms;
  if (
    host.cpu === (process.arch === "arm64" ? "aarch64" : "x86_64") ||
    emulators().some((name) => name.includes(host.cpu))
  )
    return;
  throw new CleaveError({
    code: "run-platform",
    message: `${made.attribute} is for ${nixSystem(host)}, and cannot run here`,
    hint: "cleave build makes it all the same",
  });
}

/** List what the kernel starts programs of other machines with. */
function emulators(): readonly string[] {
  try {
    return readdirSync("/proc/sys/fs/binfmt_misc");
  } catch {
    return [];
  }
}

function commandFor(
  made: Package,
  wanted: string | undefined,
  args: readonly string[],
  store: LocalStore,
  io: Io,
): { readonly file: string; readonly args: readonly string[] } {
  const name = wanted ?? made.config.meta.mainProgram ?? made.config.name;
  const folders = made.interface.exports.programs;
  const program = folders
    .map((folder) => `${folder}/${name}`)
    // Where a link leads is seen only where the store is at /nix/store.
    .find((path) => lstatSync(hostPath(path, store), { throwIfNoEntry: false }) !== undefined);
  if (program === undefined)
    throw new CleaveError({
      code: "run-no-program",
      message: `${made.attribute} has no program ${name} in ${folders.join(" or ") || "any folder"}`,
      hint: "name one with --program, or set meta.mainProgram in the recipe",
    });
  const stage = join(store.root, "nix/var/cleave/stage");
  mkdirSync(stage, { recursive: true });
  return storeView({
    store: join(store.root, "nix/store"),
    stage,
    program,
    args,
    cwd: io.cwd,
    searchPath: searchPathOf(io),
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
  });
}

function hostPath(path: string, store: LocalStore): string {
  const [, first = "", rest = ""] = /^(\/nix\/store\/[^/]+)(.*)$/s.exec(path) ?? [];
  return store.realPath(first as StorePath) + rest;
}

/** Run a program on the terminal of this process, which only waits for it, and give its exit code. */
function runInForeground(
  { file, args }: { readonly file: string; readonly args: readonly string[] },
  io: Io,
): Promise<number> {
  // The terminal sends its signals to the program as well; it decides what they mean.
  const ignore = () => {};
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  const child = spawn(file, [...args], { stdio: "inherit", cwd: io.cwd });
  process.on("SIGINT", ignore);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
