/**
 * Partition law: for every package and every partition of its plan into derivations, the sealed outputs are the same: bytes,
 * references and closure.
 *
 * Packages are built joined, and then again by every other partition; what comes out is compared with what is valid. States of one
 * partition serve others that begin alike.
 */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import fc from "fast-check";
import type { Partition } from "../../src/phases/index.ts";
import { allPartitions, describePartition } from "../../src/phases/index.ts";
import { needsTools } from "../support/bootstrapped.ts";
import { openRig, type PackageRig } from "../support/package-rig.ts";
import { recipes } from "../support/quick-store.ts";

/** Build a package joined, and then by partitions. */
async function checkPartitions(
  rig: PackageRig,
  attribute: string,
  choose: (all: readonly Partition[]) => readonly Partition[],
) {
  const made = rig.set.package(attribute);
  assert.ok(made.plan);
  const first = await rig.build(made, { partition: "joined", check: false });
  assert.deepEqual(first.failed.map(String), []);
  const partitions = choose(allPartitions(made.plan));
  for (const partition of partitions) {
    const { failed, built } = await rig.buildAgain(made, partition);
    assert.deepEqual(
      failed.map((error) => `${describePartition(partition)}: ${error.message}`),
      [],
    );
    const [only] = built;
    assert.ok(only?.ran.has(made.interface.derivation), describePartition(partition));
  }
}

test("after every hand-over make finds nothing to do", {
  ...needsTools,
  timeout: 10 * 60 * 1000,
}, async () => {
  await using rig = await openRig({ jobs: 2, folders: [recipes] });
  // A phase of it fails where make does; trees are restored here, and handed on where the package is new.
  await checkPartitions(rig, "idle", (all) => [all[0] ?? "joined", ...all.slice(-1)]);
});

test("Partition law: hello by all partitions", { ...needsTools, timeout: 20 * 60 * 1000 }, async () => {
  await using rig = await openRig({ jobs: availableParallelism() });
  await checkPartitions(rig, "hello", (all) => all);
});

for (const attribute of ["zlib", "bzip2", "lua", "dash", "xz"])
  test(`Partition law: ${attribute} by split and a sample`, {
    ...needsTools,
    timeout: 20 * 60 * 1000,
  }, async () => {
    await using rig = await openRig({ jobs: availableParallelism() });
    await checkPartitions(rig, attribute, (all) => {
      const others = all.slice(1, -1);
      const sample = fc.sample(
        fc.subarray([...others], {
          minLength: Math.min(20, others.length),
          maxLength: Math.min(20, others.length),
        }),
        {
          numRuns: 1,
          seed: 20221026,
        },
      )[0];
      return [...(sample ?? []), ...all.slice(-1)];
    });
  });
