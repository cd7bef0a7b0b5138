/** GNU hello by phases in each language: one line switches, and what comes out is the same but for its own path. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { dumpPath, makeModuloHasher } from "../../../src/nix/index.ts";
import { needsTools, toolsRoot } from "../../support/bootstrapped.ts";
import { openRig } from "../../support/package-rig.ts";
import { languages, needs } from "./rig.ts";

test("hello is the same by phases in every language", needsTools, async (context) => {
  const hashes = new Map<string, string>();
  for (const language of languages) {
    const { skip } = await needs(language);
    if (skip !== false) {
      context.diagnostic(skip);
      continue;
    }
    await using rig = await openRig({ jobs: 2, settings: [`hello.interpreter=${language}`] });
    const made = rig.set.package("hello");
    const { failed } = await rig.build(made, { partition: "joined", check: true });
    assert.deepEqual(failed.map(String), []);
    const path = made.interface.path;
    const hasher = makeModuloHasher("sha256", path.slice("/nix/store/".length).slice(0, 32));
    for await (const chunk of dumpPath(join(toolsRoot, path))) hasher.update(chunk);
    hashes.set(path, Buffer.from(hasher.finish().hash.digest).toString("hex"));
  }
  // The paths differ, because the scripts do.
  assert.ok(hashes.size >= 2);
  assert.equal(new Set(hashes.values()).size, 1, JSON.stringify([...hashes], null, 2));
});
