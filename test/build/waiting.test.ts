import assert from "node:assert/strict";
import { test } from "node:test";
import { needsTools } from "../support/bootstrapped.ts";
import { openRig } from "../support/package-rig.ts";
import { quickStore, recipes } from "../support/quick-store.ts";

test("a build that waits for another process lets others run, which that may wait for", {
  ...needsTools,
  timeout: 60_000,
}, async () => {
  using at = await quickStore();
  const heldUp = Promise.withResolvers<void>();
  await using rig = await openRig({
    jobs: 1,
    root: at.root,
    folders: [recipes],
    onEvent: (event) => {
      if (event.type === "build-started" && event.derivation === canonical.path) heldUp.resolve();
    },
  });
  const made = rig.set.package("mini");
  const { canonical, branches } = made.lower("joined");
  const out = branches[0]?.canonical.derivation.outputs.get("out");
  assert.ok(out !== undefined && "path" in out);
  // Somebody is at the check, which comes first.
  const locks = await rig.store.lockPaths([out.path]);
  const building = rig.build(made, { partition: { after: ["make"] }, check: true });
  await heldUp.promise;
  locks?.release();
  const { failed } = await building;
  assert.deepEqual(failed, []);
  const order = rig.events.flatMap((event) =>
    event.type === "build-waiting" || event.type === "build-started"
      ? [`${event.type} ${event.derivation.slice(44)}`]
      : [],
  );
  assert.deepEqual(order, [
    "build-started mini-1-state-make.drv",
    "build-waiting mini-1-check.drv",
    "build-started mini-1.drv",
    "build-started mini-1-check.drv",
  ]);
});
