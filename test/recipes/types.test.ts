/** The types that recipes see have nothing that recipes do not have. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { globals } from "../../src/recipes/realm.ts";
import { repository } from "../support/cleave.ts";
import { rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

const tsc = join(repository, "node_modules/.bin/tsc");

test("the declared globals are those of the compartment", () => {
  const text = readFileSync(join(repository, "types/globals.d.ts"), "utf8");
  const declared = [...text.matchAll(/^declare (?:var|function) (\w+)/gm)].map(([, name]) => name);
  // The compiler knows undefined by itself.
  assert.deepEqual(declared.sort(), globals.filter((name) => name !== "undefined").sort());
});

test("recipes and scripts of a project that depends on cleave compile, and what they do not have does not", () => {
  using temp = temporaryFolder();
  // As it is published: compiled, with declarations.
  const installed = join(temp.path, "node_modules/cleave");
  mkdirSync(installed, { recursive: true });
  for (const each of ["src", "stdenv", "types", "package.json", "tsconfig.json"])
    cpSync(join(repository, each), join(installed, each), { recursive: true });
  for (const each of ["recipe.tsconfig.json", "phase.tsconfig.json"])
    cpSync(join(repository, each), join(installed, each));
  symlinkSync(join(repository, "node_modules"), join(installed, "node_modules"));
  for (const project of ["tsconfig.build.json", "tsconfig.stdenv.json"]) {
    cpSync(join(repository, project), join(installed, project));
    const { status, stdout } = spawnSync(tsc, ["--project", project], { cwd: installed, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  }
  const packages = readdirSync(join(repository, "packages"));
  for (const each of packages)
    cpSync(join(repository, "packages", each), join(temp.path, "packages", each), { recursive: true });
  const names = [
    "Date",
    "process",
    "Promise",
    "eval",
    "fetch",
    "Intl",
    "setTimeout",
    "console",
    "Temporal",
    "Proxy",
  ];
  writeFiles(temp.path, {
    "tsconfig.json": '{ "extends": "cleave/recipe.tsconfig.json", "include": ["packages/*/package.ts"] }',
    "tsconfig.phases.json":
      '{ "extends": "cleave/phase.tsconfig.json", "include": ["packages"], "exclude": ["packages/*/package.ts"] }',
    "package.json": '{ "dependencies": { "cleave": "*" } }',
  });
  const check = (project = "tsconfig.json") =>
    spawnSync(tsc, ["--project", project], { cwd: temp.path, encoding: "utf8" }).stdout;
  assert.equal(check(), "");
  // Scripts of phases wait for commands, and have what QuickJS has.
  assert.equal(check("tsconfig.phases.json"), "");
  writeFiles(temp.path, {
    "packages/hostile/build.ts":
      'import { definePhase } from "cleave/phase";\nexport default definePhase((phase) => phase.wriet("a", "b"));\n',
  });
  assert.match(check("tsconfig.phases.json"), /Property 'wriet' does not exist on type 'Phase/);
  writeFiles(temp.path, {
    "packages/hostile/package.ts": rawRecipe("hostile", {
      imports: [...names, "Math.random"].map((name) => `void ${name};`).join("\n"),
    }),
  });
  const errors = check();
  for (const name of names) assert.match(errors, new RegExp(`Cannot find name '${name}'`), name);
  assert.match(errors, /Property 'random' does not exist on type 'Math'/);
});
