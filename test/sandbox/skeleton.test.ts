import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { filesOfHost, makeRoots } from "../../src/sandbox/skeleton.ts";
import { temporaryFolder } from "../support/temp.ts";

test("a root that could not be made whole is in the way of no other", () => {
  using temp = temporaryFolder();
  // So long that there is room for a root, and not for all that is in it.
  const length = 4079;
  let folder = temp.path;
  while (folder.length < length - 101) folder += `/${"x".repeat(99)}`;
  folder += `/${"x".repeat(length - folder.length - 1)}`;
  mkdirSync(folder, { recursive: true });
  const rootFor = makeRoots(folder);
  for (const _ of [1, 2])
    assert.throws(() => rootFor({ network: false, shell: undefined }), { code: "ENAMETOOLONG" });
});

test("a file that the host has only later is not mounted", () => {
  using temp = temporaryFolder();
  const root = makeRoots(temp.path)({ network: true, shell: undefined });
  const mounted = () => filesOfHost({ network: true, shell: undefined }, root).map(({ target }) => target);
  const [first = ""] = mounted();
  rmSync(join(root, first));
  assert.ok(!mounted().includes(first));
});
