/** What is remembered of how packages were built. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { readPhases, recordPhases } from "../../src/build/index.ts";
import { hashBytes, makeTextPath, type StorePath } from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

const path = (name: string): StorePath => makeTextPath(`${name}.drv`, hashBytes("sha256", Buffer.from(name)));

test("who build other phases of a package at the same time are all remembered", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  await using store = await openLocalStore({ root });
  const phases = Array.from({ length: 6 }, (_, at) => `phase${at}`);
  const module = (file: string) => JSON.stringify(join(repository, "src", file));
  // Each records its own phase, and a hundred times that of nobody, to be often beside the others.
  const script = `
    import { recordPhases } from ${module("build/index.ts")};
    import { openLocalStore } from ${module("store/index.ts")};
    const [root, name, path, all] = process.argv.slice(1);
    await using store = await openLocalStore({ root });
    for (let turn = 0; turn < 100; turn += 1)
      await recordPhases(store, all, turn === 50 ? new Map([[name, path]]) : new Map(), ${JSON.stringify(phases)});`;
  await Promise.all(
    phases.map((name) =>
      promisify(execFile)(process.execPath, [
        "--input-type=module",
        "--eval",
        script,
        root,
        name,
        path(name),
        path("all"),
      ]),
    ),
  );
  assert.deepEqual(
    [...readPhases(store, path("all"))],
    phases.map((name) => [name, path(name)]),
  );
  // A phase that is no more is forgotten with the next record.
  await recordPhases(store, path("all"), new Map([["phase1", path("again")]]), ["phase1", "phase0"]);
  assert.deepEqual(
    [...readPhases(store, path("all"))],
    [
      ["phase1", path("again")],
      ["phase0", path("phase0")],
    ],
  );
  assert.equal(readdirSync(join(store.root, "nix/var/cleave/renderings")).length, 1);
});
