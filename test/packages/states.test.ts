/** States are no outputs, but the same again too: what a configure script notes down of time and chance is gone by then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsTools, toolsRoot } from "../support/bootstrapped.ts";
import { cleave } from "../support/cleave.ts";

for (const attribute of ["hello", "zlib"])
  test(`the states of ${attribute} are the same again`, {
    ...needsTools,
    timeout: 20 * 60 * 1000,
  }, async () => {
    const build = (...flags: readonly string[]) =>
      cleave(["build", "--no-link", ...flags, attribute], { env: { CLEAVE_ROOT: toolsRoot } });
    const first = await build();
    assert.equal(first.code, 0, first.stderr);
    // The first makes those that are not there; the second finds all, and compares.
    for (const _ of [1, 2]) {
      const again = await build("--check", "--partition", "split");
      assert.equal(again.code, 0, again.stderr);
      assert.equal(again.stdout, first.stdout);
    }
  });
