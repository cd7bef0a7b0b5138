/** What evaluating the packages takes does not grow unnoticed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cleave, repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

test("the counts of evaluating all packages are within their budget", async () => {
  using temp = temporaryFolder();
  const budget = `${repository}bench/evaluation-budget.json`;
  const write = process.env["CLEAVE_ACCEPT"] === "1";
  const { code, stderr } = await cleave(["eval", write ? "--write-budget" : "--check-budget", budget], {
    cwd: temp.path,
    env: { CLEAVE_ROOT: `${temp.path}/store`, HOME: temp.path },
  });
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.ok(!write, "bench/evaluation-budget.json was written; run again without CLEAVE_ACCEPT");
});
