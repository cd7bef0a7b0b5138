/**
 * Runs scripts of phases by their interpreters, without a sandbox around them: those of the store with the tools of packages.
 */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleScript } from "../../../src/package/bundle.ts";
import type { PhaseFile } from "../../../src/phases/contract.ts";
import { needsTools, toolsRoot } from "../../support/bootstrapped.ts";
import { repository } from "../../support/cleave.ts";
import { openRig } from "../../support/package-rig.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** The languages that phases can be written in. */
export const languages = ["quickjs", "sh", "lua"] as const;
export type Language = (typeof languages)[number];

const endings: Readonly<Record<Language, string>> = { quickjs: "ts", sh: "sh", lua: "lua" };

export type PhaseRequest = {
  readonly language: Language;
  /** A standard phase, or a script of one's own. */
  readonly script: { readonly standard: string } | { readonly text: string };
  readonly name?: string;
  readonly data?: unknown;
  readonly outputs?: readonly string[];
  readonly tools?: PhaseFile["inputs"]["tools"];
  readonly libraries?: PhaseFile["inputs"]["libraries"];
  readonly cores?: number;
};

export type RanPhase = {
  readonly code: number | null;
  /** What it wrote, with `<rig>` in place of the rig's folder and `<store>` of the store's. */
  readonly log: string;
  /** What it reported; `undefined` where it reported nothing. */
  readonly result: unknown;
};

export type PhaseRig = Disposable & {
  readonly folder: string;
  readonly work: string;
  /** The host's paths of the tools. */
  readonly busybox: string;
  readonly make: string;
  /** Where an output is. */
  readonly output: (name?: string) => string;
  readonly run: (request: PhaseRequest) => RanPhase;
  /** Run a phase, and throw its log where it fails. */
  readonly succeed: (request: PhaseRequest) => RanPhase;
};

let found: Readonly<Record<string, string>> | undefined;

/** Find the programs that all rigs share; those that hello is built by are built first where the store has older ones. */
async function findTools(): Promise<Readonly<Record<string, string>>> {
  if (found !== undefined) return found;
  await using packages = await openRig({ jobs: 1 });
  const paths: Record<string, string> = {};
  for (const name of ["quickjs", "busybox", "make", "lua"]) {
    const made = packages.set.package(`bootstrap.${name}`);
    const path = join(toolsRoot, made.interface.path);
    if (!existsSync(path) && name !== "lua") {
      const { failed } = await packages.build(made, { partition: "joined", check: false });
      assert.deepEqual(failed.map(String), []);
    }
    paths[name] = path;
  }
  found = paths;
  return paths;
}

/** Options for `test()` of a language: skips loudly where the store does not have its interpreter. */
export async function needs(language: Language): Promise<{ readonly skip: string | false }> {
  if (needsTools.skip !== false || language !== "lua") return needsTools;
  const { lua = "" } = await findTools();
  if (existsSync(lua)) return { skip: false };
  const command = "CLEAVE_ROOT=$CLEAVE_TEST_STORE ./cleave build --no-link bootstrap.lua";
  if (process.env["CI"] === "true") throw new Error(`there is no Lua in the store: ${command}`);
  return { skip: `there is no Lua in the store: ${command}` };
}

/** Make an empty work tree and what is around it. */
export async function openPhaseRig(): Promise<PhaseRig> {
  const { quickjs = "", busybox = "", make = "", lua = "" } = await findTools();
  const temp = temporaryFolder();
  const folder = temp.path;
  const work = join(folder, "work");
  for (const each of ["work", "scripts", "store"]) mkdirSync(join(folder, each));
  const bundles = new Map<string, string>();
  const output = (name = "out") => join(folder, "store", `${"o".repeat(32)}-test-1.0-${name}`);
  const library = (path: string) => join(repository, "stdenv/interpreters", path);
  const starts: Readonly<Record<Language, readonly string[]>> = {
    quickjs: [join(quickjs, "bin/qjs")],
    sh: [join(busybox, "bin/busybox"), "sh", library("sh/phase.sh"), library("sh/json.awk")],
    lua: [
      join(lua, "bin/lua"),
      ...["phase.lua", "json.lua", "files.lua"].map((file) => library(`lua/${file}`)),
    ],
  };

  function scriptOf({ language, script }: PhaseRequest): string {
    const ending = endings[language];
    let file: string;
    if ("standard" in script) {
      const place = language === "quickjs" ? script.standard : `${language}/${script.standard}`;
      file = join(repository, "stdenv/phases", `${place}.${ending}`);
    } else {
      file = join(mkdtempSync(join(folder, "scripts/own-")), `script.${ending}`);
      writeFileSync(file, script.text);
    }
    if (language !== "quickjs") return file;
    const bundled = bundles.get(file) ?? join(mkdtempSync(join(folder, "scripts/bundle-")), "script.js");
    if (!bundles.has(file)) writeFileSync(bundled, bundleScript({ file, kind: "phase" }).content);
    bundles.set(file, bundled);
    return bundled;
  }

  function run(request: PhaseRequest): RanPhase {
    const { language, script, outputs = ["out"], libraries = {}, cores = 2 } = request;
    const name = request.name ?? ("standard" in script ? script.standard : "test");
    const platform = { cpu: "x86_64", kernel: "linux", abi: "musl" };
    for (const each of ["phase", "tmp"]) {
      rmSync(join(folder, each), { recursive: true, force: true });
      mkdirSync(join(folder, each));
    }
    const told: PhaseFile = {
      contract: 1,
      package: { name: "test", version: "1.0" },
      phase: { name, index: 0 },
      platforms: { build: platform, host: platform, target: platform },
      cores,
      workDirectory: work,
      temporaryDirectory: join(folder, "tmp"),
      outputs: Object.fromEntries(outputs.map((each) => [each, output(each)])),
      inputs: { tools: request.tools ?? { busybox: [busybox], make: [make] }, libraries },
      data: request.data === undefined ? {} : request.data,
      results: {},
    };
    const file = join(folder, "phase/phase.json");
    writeFileSync(file, JSON.stringify(told));
    const [program = "", ...args] = starts[language];
    const ran: SpawnSyncReturns<string> = spawnSync(program, [...args, scriptOf(request), file], {
      cwd: work,
      env: {},
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (ran.error !== undefined) throw ran.error;
    const report = join(folder, "phase/result.json");
    return {
      code: ran.status,
      log: `${ran.stdout}${ran.stderr}`.replaceAll(folder, "<rig>").replaceAll(toolsRoot, "<store>"),
      result: existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined,
    };
  }

  return {
    folder,
    work,
    busybox,
    make,
    output,
    run,
    succeed: (request) => {
      const ran = run(request);
      assert.equal(ran.code, 0, ran.log);
      return ran;
    },
    [Symbol.dispose]: () => temp[Symbol.dispose](),
  };
}
