/** Every code has a page and is thrown somewhere, and every page and thrown code is listed. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { codes } from "../src/base/index.ts";
import { repository } from "./support/cleave.ts";

const pages = globSync("docs/errors/*.md", { cwd: repository }).sort();

test("every error code has a page, and every page a code", () => {
  assert.deepEqual(
    pages.map((page) => basename(page, ".md")),
    Object.keys(codes).sort(),
  );
});

test("an error page opens with its code and title, says what happened and what to do", () => {
  for (const [code, title] of Object.entries(codes)) {
    const page = readFileSync(join(repository, `docs/errors/${code}.md`), "utf8");
    assert.ok(page.startsWith(`# ${code}\n\n${title}.\n`), `docs/errors/${code}.md opens otherwise`);
    for (const heading of ["## What happened", "## What to do"])
      assert.ok(page.includes(`\n${heading}\n`), `docs/errors/${code}.md lacks ${heading}`);
  }
});

test("every error code is used in the sources", () => {
  const sources = globSync("src/**/*.ts", { cwd: repository })
    .filter((file) => file !== "src/base/codes.ts")
    .map((file) => readFileSync(join(repository, file), "utf8"))
    .join("\n");
  assert.deepEqual(
    Object.keys(codes).filter((code) => !sources.includes(`"${code}"`)),
    [],
  );
});
