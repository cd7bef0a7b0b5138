/**
 * Libraries of modules are published: with declarations, which keep all types.
 *
 * The compiler names types by the package that they come from only where that package is a folder of `node_modules`,
 * so cleave is compiled into one. Nothing here knows the types of Node, and declarations are checked as well.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../../support/cleave.ts";
import { temporaryFolder } from "../../support/temp.ts";

const fixtures = join(import.meta.dirname, "fixtures");

/** Run the compiler; what it reports. */
function compile(...args: readonly string[]): string {
  const { stdout, error } = spawnSync(
    join(repository, "node_modules/.bin/tsc"),
    ["--pretty", "false", ...args],
    { cwd: repository, encoding: "utf8" },
  );
  if (error !== undefined) throw error;
  return stdout;
}

/** Make a folder of some files, and compile it with declarations into another. */
function compileLibrary(folder: string, files: Readonly<Record<string, string>>, outDir: string): string {
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const compilerOptions = {
    module: "nodenext",
    target: "esnext",
    lib: ["esnext"],
    types: [],
    strict: true,
    declaration: true,
    skipLibCheck: false,
    rootDir: ".",
    outDir,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: Object.keys(files) }),
  );
  return compile("--project", folder);
}

/** The first example of a page in TypeScript, as a module that exports everything and prints nothing. */
function exampleOf(page: string): string {
  const [, example = ""] =
    /```ts\n(import \{ defineModule[\s\S]*?\n)```\n/.exec(readFileSync(join(repository, page), "utf8")) ?? [];
  assert.ok(example.includes('from "cleave/modules"'), page);
  return example.replace(/^const /gm, "export const ").replace(/^console\.log.*$/gm, "");
}

test("libraries of modules compile with declarations, and their users see the same types", () => {
  using temp = temporaryFolder();
  const cleave = join(temp.path, "node_modules/cleave");
  assert.equal(compile("--project", "tsconfig.build.json", "--outDir", join(cleave, "dist")), "");
  copyFileSync(join(repository, "package.json"), join(cleave, "package.json"));

  const library = join(temp.path, "node_modules/library");
  const files = {
    "library.ts": readFileSync(join(fixtures, "library.ts"), "utf8"),
    "guide.ts": exampleOf("docs/modules.md"),
    "readme.ts": exampleOf("README.md"),
    "errors.ts":
      'import { CleaveError } from "cleave";\nexport const { location } = new CleaveError({} as never);\n',
  };
  assert.equal(compileLibrary(join(temp.path, "library"), files, library), "");
  const exports = { ".": "./library.js", "./*": "./*" };
  writeFileSync(join(library, "package.json"), JSON.stringify({ name: "library", type: "module", exports }));

  const reader = { "reader.ts": readFileSync(join(fixtures, "reader.ts"), "utf8") };
  assert.equal(compileLibrary(join(temp.path, "reader"), reader, join(temp.path, "out")), "");
});
