/**
 * States: what it costs to hand a tree of 20,000 files to the next group, to save it, and to restore it, beside `cp -a`.
 *
 * Only QuickJS has to be built for that.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Event } from "../src/base/index.ts";
import { openRig } from "../test/support/package-rig.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { measure, round, spread } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
const path = (name: string) => join(temp.path, name);
const { cleave, env, run } = install(path("installed"));

const tools = path("tools");
const work = path("work");
run(tools, "build", "--no-link", "bootstrap.quickjs");

/** When events came, in milliseconds, of a build of the tree in groups, with its branch or without. */
async function timesOf(check: boolean): Promise<(type: string, what: string) => number> {
  const times: { readonly at: number; readonly event: Event }[] = [];
  execFileSync("rm", ["-rf", work]);
  execFileSync("cp", ["-a", tools, work]);
  await using rig = await openRig({
    jobs: 1,
    root: work,
    folders: [fileURLToPath(new URL("states", import.meta.url))],
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
      prepare: () => execFileSync("rm", ["-rf", path("copy")]),
    },
    hash: { command: [cleave, "hash", "path", place], env: { ...env, CLEAVE_ROOT: work } },
  },
  { runs: 5 },
);
const copy = copies["cp -a"]?.wall_ms.median ?? Number.NaN;
const handedOver = spread(spans.handedOver).median;
const restoring = spread(spans.restoring).median;
const saving = spread(spans.saving).median - (copies["hash"]?.wall_ms.median ?? Number.NaN);

figures("states", Object.values(copies));
budgets([
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
]);
