/** Package sets: recipes of a folder that import each other, the modules of cleave, and files beside them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";
import { assertError } from "../support/throws.ts";

test("a recipe imports files and data, reads files, and depends on others of the set by name", () => {
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "packages/lib/package.ts": rawRecipe("lib"),
    "packages/app/package.ts": rawRecipe("app", {
      imports: `import { greeting, type Greeting } from "../../lib/greeting.ts";
import data from "./data.json" with { type: "json" };
import { readText, text, file } from "cleave/recipe";
const typed: Greeting = greeting("you");`,
      env: {
        greeting: "typed",
        data: "String((data as { n: number }).n)",
        readme: 'readText("./readme.txt")',
        made: 'String(config.files["made"])',
        lib: 'config.inputs.libraries["lib"]!.path',
      },
      more: 'files: { made: () => text("made.txt", "made\\n"), patch: () => file("fix.patch") }, libraries: { lib: "lib" },',
    }),
    "packages/app/data.json": '{ "n": 3 }',
    "packages/app/readme.txt": "read me",
    "packages/app/fix.patch": "--- a",
    "lib/greeting.ts":
      "export type Greeting = string;\nexport function greeting(whom: string): Greeting { return `hello ${whom}`; }\n",
  });
  const set = openSet(temp.path);
  assert.deepEqual(set.attributes(), ["app", "lib"]);
  const app = set.package("app");
  const { env } = app.lower("joined").canonical.derivation;
  const values = new Map(env);
  const lib = set.package("lib").interface;
  assert.equal(values.get("greeting"), "hello you");
  assert.equal(values.get("data"), "3");
  assert.equal(values.get("readme"), "read me");
  assert.match(values.get("made") ?? "", /^\/nix\/store\/.{32}-made\.txt$/);
  assert.equal(values.get("lib"), lib.path);
  assert.equal(set.packageOf(lib).interface, lib);
  const { definitions } = app.explain("version");
  assert.deepEqual(definitions[0]?.location, {
    file: `${temp.path}/packages/app/package.ts`,
    line: 10,
    column: 5,
  });
});

test("an attribute that is not there is named with the nearest ones", () => {
  using temp = temporaryFolder();
  writeFiles(temp.path, { "hello/package.ts": rawRecipe("hello") });
  assertError(
    () => openSet(temp.path).package("helo"),
    "error[attribute-unknown]: there is no package helo",
    "  hint: did you mean hello?",
  );
  for (const name of ["./packages/hello", "hello/package.ts", "nixpkgs#hello", ".#helo"])
    assertError(
      () => openSet(temp.path).package(name),
      `error[attribute-unknown]: there is no package ${name}`,
      "  hint: did you mean hello?",
    );
});

test("packages that need each other are an error with the chain", () => {
  using temp = temporaryFolder();
  const needing = (name: string, other: string) =>
    rawRecipe(name, {
      env: { other: `config.inputs.libraries["it"]!.path` },
      more: `libraries: { it: "${other}" },`,
    });
  writeFiles(temp.path, {
    "a/package.ts": needing("a", "b"),
    "b/package.ts": needing("b", "c"),
    "c/package.ts": needing("c", "a"),
  });
  assertError(
    () => openSet(temp.path).package("a").interface,
    "error[package-cycle]: packages need each other in a circle: a for x86_64-linux-musl needs b for x86_64-linux-musl needs c for x86_64-linux-musl needs a for x86_64-linux-musl",
    "  hint: take one of these tools or libraries away, or make two packages of one",
  );
});
