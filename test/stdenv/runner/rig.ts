/**
 * Runs the runner in sandboxes, on phases in shell, as groups of hand-written derivations. What a group saves goes to the next
 * one through a NAR, as through a store.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { dumpPath, hashPath, restorePath } from "../../../src/nix/index.ts";
import { bundleScript } from "../../../src/package/bundle.ts";
import { buildPlaceholder } from "../../../src/package/placeholder.ts";
import type { EngineFacts, SandboxInput, SandboxSpec } from "../../../src/sandbox/index.ts";
import { makeRig, type Rig } from "../../sandbox/rig.ts";
import { toolsRoot } from "../../support/bootstrapped.ts";
import { repository } from "../../support/cleave.ts";
import { openRig } from "../../support/package-rig.ts";

/** A phase of a test: a script in shell, with `phase` as the path of its `phase.json` and every output as a variable. */
export type TestPhase = {
  readonly name: string;
  readonly script: string;
  readonly result?: unknown;
  readonly reads?: readonly string[];
};

export type Ran = {
  readonly code: number;
  readonly log: string;
  /** The host's `/nix/store` and `/build` of the sandbox. */
  readonly store: string;
  readonly build: string;
};

export type RunnerRig = AsyncDisposable & {
  readonly rig: Rig;
  /** The host's paths of the interpreter's folder and of the runner's bundle. */
  readonly quickjs: string;
  readonly runner: string;
  /** Make a spec that starts the runner without attributes. */
  readonly specOf: (env: Readonly<Record<string, string>>, inputs?: readonly SandboxInput[]) => SandboxSpec;
  /** Run one group. */
  readonly group: (request: GroupRequest) => Promise<Ran>;
  /** Run all phases, with cuts after those of these indices, and give the outputs' hashes. Throws where a group fails. */
  readonly build: (
    phases: readonly TestPhase[],
    cuts: readonly number[],
    options?: Pick<GroupRequest, "outputs" | "live">,
  ) => Promise<Built>;
};

export type Built = { readonly hashes: Readonly<Record<string, string>>; readonly last: Ran };

export type GroupRequest = {
  readonly phases: readonly TestPhase[];
  readonly first?: number;
  readonly end: "seal" | "state" | "branch" | "tree";
  /** The host's path of the state that it starts from. */
  readonly state?: string | undefined;
  readonly outputs?: readonly string[];
  /** Folders of a run that saved the state, whose trees are handed on. */
  readonly live?: boolean;
  readonly handedOn?: Ran | undefined;
  readonly change?: (attributes: Attributes) => void;
  readonly inputs?: readonly SandboxInput[];
};

export type Attributes = { cleave: Record<string, unknown>; outputs: Record<string, string> };

const packageOf = { name: "leaky", version: "1.0" };
const statePath = `/nix/store/${"s".repeat(32)}-leaky-1.0-state`;
const realDigits: Readonly<Record<string, string>> = { out: "1", dev: "2" };
export const realPath = (output: string): string =>
  `/nix/store/${(realDigits[output] ?? "3").repeat(32)}-leaky-1.0${output === "out" ? "" : `-${output}`}`;
export const placeholderOf = (output: string): string =>
  buildPlaceholder(packageOf.name, packageOf.version, output);

/** Open a rig; the interpreter of the store is built first where that has an older one. */
export async function openRunnerRig(engine?: EngineFacts["name"]): Promise<RunnerRig> {
  const quickjs = await findQuickjs();
  const rig = makeRig(engine);
  const files = join(rig.folder, "files");
  mkdirSync(files);
  const runner = join(files, "runner.js");
  writeFileSync(
    runner,
    bundleScript({ file: join(repository, "stdenv/runner/main.ts"), kind: "program" }).content,
  );
  const shared: SandboxInput[] = [
    { host: quickjs, inside: "/nix/store/quickjs" },
    { host: runner, inside: "/nix/store/runner.js" },
  ];

  const specOf: RunnerRig["specOf"] = (env, inputs = []) =>
    rig.spec({
      program: "/nix/store/quickjs/bin/qjs",
      args: ["/nix/store/runner.js"],
      env,
      inputs: [...shared, ...inputs],
    });

  async function group(request: GroupRequest): Promise<Ran> {
    const { phases, first = 0, end, state, outputs = ["out"], inputs = [] } = request;
    const scripts: SandboxInput[] = [];
    const lowered = phases.map(({ name, script, result = null, reads = [] }, at) => {
      const host = join(mkdtempSync(join(files, "script-")), `${name}.sh`);
      const variables = outputs.map((output) => `${output}=${placeholderOf(output)}\n`).join("");
      writeFileSync(host, `PATH=/nix/store/tools/bin; phase=$1\n${variables}${script}\n`);
      const inside = `/nix/store/${basename(host)}`;
      scripts.push({ host, inside });
      const common = { name, index: first + at, data: { number: first + at }, result, reads };
      const started = { program: "/nix/store/tools/bin/sh", args: ["-eu"], script: inside };
      return { ...common, ...started, tools: {}, libraries: {} };
    });
    const platform = { cpu: "x86_64", kernel: "linux", abi: "musl" };
    const names = end === "seal" ? outputs : ["out"];
    const attributes: Attributes = {
      cleave: {
        version: 1,
        package: packageOf,
        platforms: { build: platform, host: platform, target: platform },
        placeholders: Object.fromEntries(outputs.map((output) => [output, placeholderOf(output)])),
        start: state === undefined ? null : statePath,
        first,
        end,
        phases: lowered,
      },
      outputs: Object.fromEntries(names.map((output) => [output, realPath(output)])),
    };
    request.change?.(attributes);
    const spec = specOf({ NIX_BUILD_TOP: "/build", NIX_BUILD_CORES: "3", SECRET: "of Nix" }, [
      ...scripts,
      ...inputs,
      ...(state === undefined ? [] : [{ host: state, inside: statePath }]),
    ]);
    writeFileSync(join(spec.build, ".attrs.json"), JSON.stringify(attributes));
    writeFileSync(join(spec.build, ".attrs.sh"), "# Nix writes this too\n");
    if (request.handedOn !== undefined) handOn(request.handedOn, spec);
    const { code, output, store, build } = await rig.run(spec);
    return { code, log: output, store, build };
  }

  async function build(
    phases: readonly TestPhase[],
    cuts: readonly number[],
    { outputs = ["out"], live = false }: Pick<GroupRequest, "outputs" | "live"> = {},
  ): Promise<Built> {
    let state: string | undefined;
    let before: Ran | undefined;
    let first = 0;
    for (const last of [...cuts, phases.length - 1]) {
      const end = last === phases.length - 1 ? "seal" : "state";
      const own = phases.slice(first, last + 1);
      const ran = await group({
        phases: own,
        first,
        end,
        state,
        outputs,
        handedOn: live ? before : undefined,
      });
      assert.equal(ran.code, 0, ran.log);
      before = ran;
      first = last + 1;
      if (end === "state") state = await throughStore(inStore(ran, realPath("out")), rig.folder);
    }
    if (before === undefined) throw new Error("there are no phases");
    const hashes: Record<string, string> = {};
    for (const output of outputs)
      hashes[output] = Buffer.from((await hashPath(inStore(before, realPath(output)))).hash.digest).toString(
        "hex",
      );
    return { hashes, last: before };
  }

  return {
    rig,
    quickjs,
    runner,
    specOf,
    group,
    build,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** Give the host's path of a path in the sandbox' store. */
export function inStore({ store }: Pick<Ran, "store">, path: string): string {
  return join(store, basename(path));
}

/** Read a text file of an output. */
export function readOutput(ran: Ran, path: string, output = "out"): string {
  return readFileSync(join(inStore(ran, realPath(output)), path), "utf8");
}

/** Move the trees that a group has left to the group that goes on, as the builder does. */
function handOn(from: Ran, to: { readonly store: string; readonly build: string }): void {
  renameSync(join(from.build, "work"), join(to.build, "work"));
  for (const output of ["out", "dev"]) {
    const name = basename(placeholderOf(output));
    if (existsSync(join(from.store, name))) renameSync(join(from.store, name), join(to.store, name));
  }
  writeFileSync(join(to.build, ".cleave-live.json"), JSON.stringify({ state: statePath }));
}

/** Give a copy of a tree with what a store keeps of it. */
async function throughStore(path: string, folder: string): Promise<string> {
  const copy = join(mkdtempSync(join(folder, "state-")), "state");
  await restorePath(copy, dumpPath(path));
  return copy;
}

/** Give a folder with `bin/qjs`: what the bootstrap makes of the present sources, or what a variable names. */
async function findQuickjs(): Promise<string> {
  const own = process.env["CLEAVE_TEST_QUICKJS"];
  if (own !== undefined) return own;
  await using packages = await openRig({ jobs: 1 });
  const made = packages.set.package("bootstrap.quickjs");
  const path = join(toolsRoot, made.interface.path);
  if (!existsSync(path)) {
    const { failed } = await packages.build(made, { partition: "joined", check: false });
    assert.deepEqual(failed.map(String), []);
  }
  return path;
}
