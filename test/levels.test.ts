/** The import rule of `docs/map.md`: a room imports itself and rooms of lower levels, types included. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { repository } from "./support/cleave.ts";
import { readImports } from "./support/imports.ts";

const levels: Readonly<Record<string, number>> = {
  base: 0,
  nix: 1,
  modules: 1,
  phases: 1,
  store: 2,
  sandbox: 2,
  fetch: 2,
  package: 3,
  build: 3,
  daemon: 3,
  recipes: 4,
  cli: 5,
};

/** Say what breaks the rule in a tree with a `src` folder, a line each, and how many files were read. */
function breaches(root: string): { readonly found: string[]; readonly files: number } {
  const found: string[] = [];
  const files = globSync("src/**/*.ts", { cwd: root }).sort();
  for (const file of files) {
    const room = file.split("/").length > 2 ? file.split("/")[1] : undefined;
    if (room !== undefined && levels[room] === undefined) found.push(`${file}: ${room} is not a room`);
    for (const { specifier, line } of readImports(file, readFileSync(join(root, file), "utf8"))) {
      if (specifier === undefined) {
        found.push(`${file}:${line}: imports what is not a literal`);
        continue;
      }
      if (!specifier.startsWith(".")) continue;
      const target = posix.join(posix.dirname(file), specifier);
      const other = target.split("/")[1] ?? "";
      const level = levels[other];
      if (!target.startsWith("src/") || target.split("/").length < 3) {
        if (target !== "package.json") found.push(`${file}:${line}: imports ${target}, which is in no room`);
      } else if (room !== undefined && other !== room && (level ?? Infinity) >= (levels[room] ?? 0))
        found.push(`${file}:${line}: ${room} imports ${other}, which is not below it`);
    }
  }
  return { found, files: files.length };
}

test("imports point down", () => {
  const { found, files } = breaches(repository);
  assert.deepEqual(found, []);
  assert.ok(files >= 15, `only ${files} files were read`);
});

test("the import rule finds breaches: types, re-exports, dynamic imports", () => {
  assert.deepEqual(breaches(join(repository, "test/fixtures/levels")).found, [
    "src/base/upwards.ts:1: base imports nix, which is not below it",
    "src/nix/lazy.ts:1: nix imports cli, which is not below it",
    "src/nix/lazy.ts:2: imports what is not a literal",
    "src/nix/sideways.ts:1: nix imports modules, which is not below it",
  ]);
});
