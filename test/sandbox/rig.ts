/** What the tests of the sandbox share: one place to run in, and one short way to run a script. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CleaveError, describeError } from "../../src/base/index.ts";
import {
  type EngineFacts,
  openSandboxes,
  type Sandboxed,
  type Sandboxes,
  type SandboxSpec,
} from "../../src/sandbox/index.ts";
import { busyboxTools, hostPerl, type Perl } from "../support/sandbox.ts";
import { temporaryFolder } from "../support/temp.ts";

export type Result = {
  readonly code: number;
  readonly killed: boolean;
  readonly output: string;
  /** The host's folders of the sandbox. */
  readonly store: string;
  readonly build: string;
};

export type Rig = AsyncDisposable & {
  readonly folder: string;
  readonly sandboxes: Sandboxes;
  readonly perl: Perl | undefined;
  /** Make a whole spec, with folders of its own and busybox as an input. */
  readonly spec: (change?: Partial<SandboxSpec>) => SandboxSpec;
  readonly start: (
    spec: SandboxSpec,
  ) => Sandboxed & { readonly output: () => string; readonly spec: SandboxSpec };
  readonly run: (spec: SandboxSpec) => Promise<Result>;
  /** Run a script in busybox' shell. */
  readonly sh: (script: string, change?: Partial<SandboxSpec>) => Promise<Result>;
  /** Run a script in perl. */
  readonly pl: (script: string, change?: Partial<SandboxSpec>) => Promise<Result>;
  readonly perlSpec: (script: string, change?: Partial<SandboxSpec>) => SandboxSpec;
};

export function makeRig(engine: EngineFacts["name"] | undefined): Rig {
  const temp = temporaryFolder();
  const own = join(temp.path, "own");
  mkdirSync(own);
  const tools = busyboxTools(temp.path);
  const sandboxes = openSandboxes({ folder: own, searchPath: process.env["PATH"] ?? "", engine });
  const perl = hostPerl();

  function spec(change: Partial<SandboxSpec> = {}): SandboxSpec {
    const folder = mkdtempSync(join(temp.path, "run-"));
    for (const name of ["store", "build"]) mkdirSync(join(folder, name));
    return {
      program: "/nix/store/tools/bin/sh",
      args: [],
      env: { PATH: "/nix/store/tools/bin" },
      cwd: "/build",
      store: join(folder, "store"),
      build: join(folder, "build"),
      network: false,
      ...change,
      inputs: [tools, ...(change.inputs ?? [])],
    };
  }

  function start(given: SandboxSpec) {
    const chunks: Uint8Array[] = [];
    const sandboxed = sandboxes.run(given, (chunk) => chunks.push(chunk));
    return { ...sandboxed, output: () => Buffer.concat(chunks).toString(), spec: given };
  }

  async function run(given: SandboxSpec): Promise<Result> {
    const started = start(given);
    const { code, killed } = await started.ended;
    return { code, killed, output: started.output(), store: given.store, build: given.build };
  }

  function perlSpec(script: string, change: Partial<SandboxSpec> = {}): SandboxSpec {
    const [program = "", ...args] = perl?.command ?? [];
    const inputs = [...(perl?.inputs ?? []), ...(change.inputs ?? [])];
    return spec({ program, args: [...args, "-e", script], ...change, inputs });
  }

  return {
    folder: temp.path,
    sandboxes,
    perl,
    spec,
    start,
    run,
    sh: (script, change) => run(spec({ args: ["-c", script], ...change })),
    pl: (script, change) => run(perlSpec(script, change)),
    perlSpec,
    [Symbol.asyncDispose]: async () => {
      await sandboxes.close();
      const left = readdirSync(own);
      temp[Symbol.dispose]();
      if (left.length > 0) throw new Error(`left behind: ${left.join(" ")}`);
    },
  };
}

/** The whole text of the coded error that a promise rejects with, its folder written as FOLDER. */
export async function errorText(promise: Promise<unknown>, folder: string): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CleaveError) return describeError(error).replaceAll(folder, "FOLDER");
    throw error;
  }
  return "no error";
}

/** List the host's living processes whose command line holds a word. */
export function processesWith(word: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(word);
      } catch {
        return false;
      }
    });
}
