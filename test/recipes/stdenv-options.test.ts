/** docs/stdenv-options.md has all options of the modules of stdenv, from their declarations. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describeOptions, documentsToMarkdown } from "../../src/modules/index.ts";
import { Module } from "../../src/modules/module.ts";
import { Bundles } from "../../src/recipes/bundles.ts";
import { Files } from "../../src/recipes/files.ts";
import { Loader } from "../../src/recipes/loader.ts";
import { openRealm } from "../../src/recipes/realm.ts";
import { repository } from "../support/cleave.ts";
import { writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

const page = join(repository, "docs/stdenv-options.md");

/** All modules that `cleave/stdenv` exports, and those that every package has. */
function modulesOfStdenv(): Module[] {
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "all.ts": `import { base } from "cleave/package";
import * as stdenv from "cleave/stdenv";
export default [base, ...Object.values(stdenv)];
`,
  });
  const files = new Files();
  const loader = new Loader({ files, bundles: new Bundles(files, undefined) }, openRealm());
  const exported = loader.load({ file: join(temp.path, "all.ts"), root: temp.path });
  assert.ok(Array.isArray(exported));
  return exported.filter((each) => Module.is(each));
}

test("docs/stdenv-options.md is what the modules of stdenv say of themselves", () => {
  const documents = describeOptions(modulesOfStdenv(), { relativeTo: repository });
  assert.ok(documents.length > 40, `only ${documents.length} options`);
  const text = `# Options of the modules of stdenv

What packages can define, by the modules of \`cleave/package\` and \`cleave/stdenv\`. \`cleave options ATTR\` shows those of one package, with their
values in it.

${documentsToMarkdown(documents.map((each) => ({ ...each, declarations: each.declarations.map(({ module }) => ({ module })) })))}`;
  if (process.env["CLEAVE_ACCEPT"] === "1") {
    writeFileSync(page, text);
    assert.fail("docs/stdenv-options.md was written; run again without CLEAVE_ACCEPT");
  }
  assert.equal(readFileSync(page, "utf8"), text, "run this test with CLEAVE_ACCEPT=1 to write the page anew");
});
