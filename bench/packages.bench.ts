/**
 * Packages: from an empty store to a running hello, split beside joined, what an edit costs, finding nothing to do, handing a tree
 * of 20,000 files on.
 *
 * Sources are fetched beforehand: their time is the network's.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Event } from "../src/base/index.ts";
import { openRig } from "../test/support/package-rig.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Figure, measure, round, spread } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
const path = (name: string) => join(temp.path, name);
const { cleave } = install(path("installed"));
const env = { PATH: process.env["PATH"], HOME: temp.path, XDG_CACHE_HOME: path("cache") };
const run = (root: string, ...args: string[]): string =>
  execFileSync(cleave, args, {
    env: { ...env, CLEAVE_ROOT: root },
    cwd: temp.path,
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 30,
  }).toString();
/** Put a copy of a store in the place of another. */
const put = (root: string, from: string): void => {
  execFileSync("rm", ["-rf", root]);
  execFileSync("cp", ["-a", from, root]);
};
const build = (root: string, ...args: string[]) => ({
  command: [cleave, "build", "--no-link", ...args] as const,
  env: { ...env, CLEAVE_ROOT: root },
  cwd: temp.path,
});

const results: Record<string, Figure> = {};

// From nothing but sources.
const sources = path("sources");
run(sources, "build", "--sources", "hello", "bash");
const fresh = path("fresh");
put(fresh, sources);
Object.assign(
  results,
  await measure(
    {
      "empty store to hello": {
        command: [cleave, "run", "hello"],
        env: { ...env, CLEAVE_ROOT: fresh },
        cwd: temp.path,
      },
    },
    { runs: 1, warmup: 0 },
  ),
);

// From ready tools.
const tools = path("tools");
put(tools, sources);
run(tools, "build", "--no-link", "bootstrap.busybox", "bootstrap.make", "bootstrap.cc");
const work = path("work");
const ready = () => put(work, tools);
Object.assign(
  results,
  await measure(
    {
      "hello, joined": { ...build(work, "--no-check", "hello"), prepare: ready },
      "hello, split": { ...build(work, "--no-check", "--partition", "split", "hello"), prepare: ready },
    },
    { runs: 3, warmup: 0 },
  ),
);
// The last round left hello built split.
Object.assign(
  results,
  await measure({ "hello, when built": build(work, "--no-check", "hello") }, { runs: 15, warmup: 2 }),
);

// An edit in check: check alone.
run(work, "build", "--no-link", "hello");
const checked = JSON.parse(
  run(work, "build", "--no-link", "--json", "--set", 'hello.checkFlags=["V=1"]', "hello"),
).packages[0];
const ranInCheck: string[] = [...checked.groups, ...checked.branches]
  .filter(({ ran }: { readonly ran: boolean }) => ran)
  .flatMap(({ phases }: { readonly phases: readonly string[] }) => phases);

// An edit in install.
ready();
Object.assign(
  results,
  await measure(
    { "bash, first": build(work, "--no-check", "--partition", "split", "bash") },
    { runs: 1, warmup: 0 },
  ),
);
Object.assign(
  results,
  await measure(
    {
      "bash, edit in install": {
        ...build(work, "--no-check", "--partition", "split", "bash"),
        more: (each) => ["--set", `bash.installFlags=["EDIT=${each}"]`],
      },
    },
    { runs: 3, warmup: 0 },
  ),
);

/** When events came, in milliseconds, of a build of the tree in groups, with its branch or without. */
async function timesOf(check: boolean): Promise<(type: string, what: string) => number> {
  const times: { readonly at: number; readonly event: Event }[] = [];
  ready();
  run(work, "build", "--no-link", "bootstrap.quickjs");
  await using rig = await openRig({
    jobs: 1,
    root: work,
    folders: [fileURLToPath(new URL("packages", import.meta.url))],
    onEvent: (event) => times.push({ at: performance.now(), event }),
  });
  await rig.build(rig.set.package("tree"), { partition: "split", check });
  return (type, what) =>
    times.find(({ event }) => event.type === type && JSON.stringify(event).includes(what))?.at ?? Number.NaN;
}
/** How long the tree took from the end of its first phase, or from the start of a group, in milliseconds. */
const spans: { readonly handedOver: number[]; readonly restoring: number[]; readonly saving: number[] } = {
  handedOver: [],
  restoring: [],
  saving: [],
};
for (let round = 0; round < 5; round += 1) {
  const alone = await timesOf(false);
  spans.handedOver.push(alone("build-phase", '"take"') - alone("build-started", "-tree-1.drv"));
  const beside = await timesOf(true);
  spans.restoring.push(beside("build-phase", '"look"') - beside("build-started", "-tree-1-look.drv"));
  for (const at of [alone, beside])
    spans.saving.push(at("build-ended", "-state-fill") - at("build-log", '"filled"'));
}
const state =
  run(work, "store", "gc", "--print-roots").match(/\/nix\/store\/\S+-tree-1-state-fill/)?.[0] ?? "";
const place = join(work, state);
const copies = await measure(
  {
    "cp -a": {
      command: ["cp", "-a", place, path("copy")],
      prepare: () => rmSync(path("copy"), { recursive: true, force: true }),
    },
    hash: { command: [cleave, "hash", "path", place], env: { ...env, CLEAVE_ROOT: work } },
  },
  { runs: 5 },
);
const copy = copies["cp -a"]?.wall_ms.median ?? Number.NaN;
const handedOver = spread(spans.handedOver).median;
const restoring = spread(spans.restoring).median;
const saving = spread(spans.saving).median - (copies["hash"]?.wall_ms.median ?? Number.NaN);

figures("packages", [...Object.values(results), ...Object.values(copies)]);
const seconds = (name: string) => (results[name]?.wall_ms.median ?? Number.NaN) / 1000;
const ratio = (a: string, b: string) => round(seconds(a) / seconds(b), 2);
budgets([
  {
    what: "empty store to hello printed",
    measured: `${round(seconds("empty store to hello"), 0)} s`,
    budget: "240 s",
    met: seconds("empty store to hello") <= 240,
  },
  {
    what: "split build of hello, against joined",
    measured: `${ratio("hello, split", "hello, joined")}`,
    budget: "1.25",
    met: ratio("hello, split", "hello, joined") <= 1.25,
  },
  {
    what: "split rebuild of bash after an edit in install, against the first build",
    measured: `${ratio("bash, edit in install", "bash, first")}`,
    budget: "0.1",
    met: ratio("bash, edit in install", "bash, first") <= 0.1,
  },
  {
    what: "after an edit in check's data are run",
    measured: ranInCheck.join(", "),
    budget: "check",
    met: ranInCheck.join() === "check",
  },
  {
    what: "live hand-over of 20,000 files, against cp -a",
    measured: `${round(handedOver / copy, 2)}`,
    budget: "0.5",
    met: handedOver / copy <= 0.5,
  },
  {
    what: "saving and restoring 20,000 files, without hashing, against cp -a",
    measured: `${round((saving + restoring) / copy, 2)} (${round(saving / copy, 2)} and ${round(restoring / copy, 2)})`,
    budget: "1.2",
    met: (saving + restoring) / copy <= 1.2,
  },
  {
    what: "cleave build hello when built, whole process",
    measured: `${round(seconds("hello, when built") * 1000, 0)} ms`,
    budget: "150 ms",
    met: seconds("hello, when built") <= 0.15,
  },
]);
