/** What libraries of the set say of themselves is enough to link to them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools, toolsRoot } from "../support/bootstrapped.ts";
import { openRig } from "../support/package-rig.ts";

test("a program links to the libraries that the set exports", {
  ...needsTools,
  timeout: 20 * 60 * 1000,
}, async () => {
  await using rig = await openRig({ jobs: 2, folders: [join(import.meta.dirname, "fixtures")] });
  const links = rig.set.package("links");
  const { failed } = await rig.build(links, { partition: "joined", check: false });
  assert.deepEqual(failed.map(String), []);
  // It is static, so it runs where it lies.
  const said = execFileSync(join(toolsRoot, links.interface.path, "bin/links"), { encoding: "utf8" });
  assert.deepEqual(said.trimEnd().split("\n"), [
    "bzip2 1.0.8, 13-Jul-2019",
    "jq compiles",
    "lua Lua 5.4.4 504",
    "oniguruma 6.9.8 6.9.8",
    "xz 5.4.1 5.4.1",
    "zlib 1.2.13 1.2.13",
  ]);
});
