/** What is wrong with recipes is said with place and hint: the whole text of each error. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CleaveError } from "../../src/base/index.ts";
import { checkBudget, parseBudget } from "../../src/recipes/counts.ts";
import type { PackageSetOptions } from "../../src/recipes/index.ts";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";
import { assertError } from "../support/throws.ts";

/** Evaluate the recipe `it` of a set of files, and compare what it throws; `FOLDER` stands for that of the set. */
function fails(
  files: Readonly<Record<string, string>>,
  lines: readonly string[],
  options: Partial<PackageSetOptions> = {},
): void {
  using temp = temporaryFolder();
  const folder = temp.path;
  writeFiles(folder, files);
  assertError(
    () => openSet(folder, options).package("it").interface,
    ...lines.map((line) => line.replaceAll("FOLDER", folder)),
  );
}

const withImport = (statement: string): Readonly<Record<string, string>> => ({
  "it/package.ts": rawRecipe("it", { imports: statement }),
});

test("a recipe that is no TypeScript", () => {
  fails({ "it/package.ts": "export default uses(;\n" }, [
    "error[recipe-syntax]: this is no TypeScript: Unexpected token",
    "  at FOLDER/it/package.ts:1:21",
    "  hint: mend the file at this place",
  ]);
});

test("imports that lead nowhere", () => {
  fails(withImport('import "node:fs";'), [
    "error[recipe-import]: a recipe cannot import node:fs",
    "  at FOLDER/it/package.ts:3:8",
    "  hint: it imports cleave/modules, cleave/package, cleave/recipe, cleave/stdenv, and files beside it such as ./lib.ts",
  ]);
  fails(withImport('import "cleave/module";'), [
    "error[recipe-import]: a recipe cannot import cleave/module",
    "  at FOLDER/it/package.ts:3:8",
    "  hint: did you mean cleave/modules or cleave/recipe or cleave/stdenv?",
  ]);
  fails({ ...withImport('import { x } from "./lbi.ts"; void x;'), "it/lib.ts": "export const x = 1;" }, [
    "error[recipe-import]: there is no file ./lbi.ts",
    "  at FOLDER/it/package.ts:3:19",
    "  hint: did you mean lib.ts?",
  ]);
  fails({ ...withImport('import { y } from "./lib.ts"; void y;'), "it/lib.ts": "export const x = 1;" }, [
    "error[recipe-import]: ./lib.ts exports no y",
    "  at FOLDER/it/package.ts:3:19",
    "  hint: did you mean x?",
  ]);
  fails(withImport('import "./notes.txt";'), [
    "error[recipe-import]: a recipe cannot import ./notes.txt: it is no .ts and no .json file",
    "  at FOLDER/it/package.ts:3:8",
    "  hint: name the file with its ending; other files are read with file() and readText() of cleave/recipe",
  ]);
  fails({ "it/package.ts": "export const x = 1;\n" }, [
    "error[recipe-import]: this file has no default export",
    "  at FOLDER/it/package.ts",
    "  hint: end it with export default uses(…).package(…)",
  ]);
  fails({ "it/package.ts": "export default 1;\n" }, [
    "error[recipe-import]: the default export of this recipe is no module",
    "  at FOLDER/it/package.ts",
    "  hint: make it with uses(…).package(…) of cleave/modules",
  ]);
});

test("a name that is not exported is told before anything makes use of it", () => {
  fails(
    {
      "it/package.ts":
        'import { uses } from "cleave/modules";\nimport { meson } from "cleave/stdenv";\nexport default uses(meson).package("it", ({ define }) => define({ name: "it" }));\n',
    },
    [
      "error[recipe-import]: cleave/stdenv exports no meson",
      "  at FOLDER/it/package.ts:2:23",
      "  hint: it exports autotools, cc, lua, quickjs, sh, make, repeatMake, standard",
    ],
  );
});

test("a name that nobody has declared is no value", () => {
  fails(withImport("const next = `${verison}.1`; void next;"), [
    "error[recipe-throws]: a recipe throws while it is loaded: ReferenceError: verison is not defined",
    "  at FOLDER/it/package.ts:3:14",
    "  hint: mend the recipe at this place",
  ]);
  using temp = temporaryFolder();
  writeFiles(temp.path, { "it/package.ts": rawRecipe("it", { env: { flag: "`-DVERSION=${verison}`" } }) });
  assert.throws(
    () => openSet(temp.path).package("it").interface,
    (error) =>
      error instanceof CleaveError &&
      error.code === "option-throws" &&
      /verison is not defined/.test(String(error.cause)),
  );
});

test("what names no place of its own has that of the recipe, the innermost one", () => {
  const raw = (name: string, definitions: string): string =>
    `import { uses } from "cleave/modules";\nimport { rawDerivation } from "cleave/package";\nexport default uses(rawDerivation).package("${name}", ({ define }) => define({ name: "${name}", ${definitions} }));\n`;
  fails({ "it/package.ts": raw("it", 'builder: "/bin/sh"') }, [
    "error[option-undefined]: the option version is read, but nothing defines it and it has no default",
    "  at FOLDER/it/package.ts",
    "  hint: define it: version takes a string matching the pattern ^[a-zA-Z0-9+._?=-]+$",
  ]);
  fails(
    {
      "it/package.ts": raw("it", 'version: "1", builder: "/bin/sh", tools: { lib: "lib" }, env: { a: "1" }'),
      "lib/package.ts": raw("lib", 'version: "1", builder: "/bin/sh", outputs: ["out", "out"]'),
    },
    [
      "error[derivation-invalid]: the derivation lib-1 has the output out twice",
      "  at FOLDER/lib/package.ts",
    ],
  );
  fails({ "it/package.ts": raw("it", 'version: "1", builder: "/bin/sh", tools: { lib: "lbi" }') }, [
    "error[attribute-unknown]: there is no package lbi",
    "  at FOLDER/it/package.ts",
    "  hint: cleave list shows all",
  ]);
});

test("an option of a module that a recipe does not use is told with that module", () => {
  const using = (definition: string): Readonly<Record<string, string>> => ({
    "it/package.ts": `import { uses } from "cleave/modules";\nimport { make } from "cleave/stdenv";\nexport default uses(make).package("it", ({ define }) => define({ name: "it", version: "1", ${definition} }));\n`,
  });
  fails(using('cflags: ["-O3"]'), [
    "error[option-unknown]: there is no option cflags, which module it defines",
    "  at FOLDER/it/package.ts:3:92",
    "  hint: use the module cc of cleave/stdenv, which declares it",
  ]);
  fails(using("configureFlags: []"), [
    "error[option-unknown]: there is no option configureFlags, which module it defines",
    "  at FOLDER/it/package.ts:3:92",
    "  hint: use the module autotools of cleave/stdenv, which declares it",
  ]);
  fails(using("makeFlag: []"), [
    "error[option-unknown]: there is no option makeFlag, which module it defines",
    "  at FOLDER/it/package.ts:3:92",
    "  hint: did you mean makeFlags?",
  ]);
});

test("what is to be fetched is looked at, whatever a recipe hands over", () => {
  const fetching = (call: string): Readonly<Record<string, string>> =>
    withImport(`import { fetchUrl, fetchTarball } from "cleave/package";\nexport const source = ${call};`);
  const hint =
    '  hint: such as { name: "hello-2.10.tar.gz", urls: ["https://…"], hash: "sha256-…" }; cleave fetch URL prints the hash';
  for (const [call, what] of [
    ['fetchUrl("https://example.org/a.tgz" as never)', "it is handed https://example.org/a.tgz"],
    ['fetchUrl({ name: "a", url: "https://example.org/a.tgz" } as never)', "hash is missing"],
    ['fetchTarball({ name: 1, urls: [], hash: "" } as never)', "name is no text"],
    ['fetchTarball({ name: "a", urls: "https://example.org/a.tgz", hash: "" } as never)', "urls is no list"],
  ] as const)
    fails(fetching(call), [
      `error[package-fetch]: ${call.slice(0, call.indexOf("("))} takes { name, urls, hash }, and here ${what}`,
      "  at FOLDER/it/package.ts:4:23",
      hint,
    ]);
  fails(fetching('fetchUrl({ name: "a b", urls: ["https://example.org/a"], hash: "" })'), [
    'error[package-fetch]: the name "a b" is none for a store path',
    "  at FOLDER/it/package.ts:4:23",
    "  hint: a name is 1 to 211 of the letters a to z and A to Z, digits and + - . _ ? =",
  ]);
});

test("what evaluates, loads and bundles is not for recipes", () => {
  fails(withImport('import { bundleScript } from "cleave/package"; void bundleScript;'), [
    "error[recipe-import]: cleave/package exports no bundleScript",
    "  at FOLDER/it/package.ts:3:30",
    "  hint: it exports base, buildPlaceholder, common, fetchTarball, fetchUrl, formatPlatform, isStoreObject, nixSystem, outputPlaceholder, parsePlatform, rawDerivation",
  ]);
});

test("files that lie outside, are not there, or are not what they should be", () => {
  fails(withImport('import "../../other.ts";'), [
    "error[recipe-outside]: ../../other.ts lies outside of FOLDER, the folder that this recipe belongs to",
    "  at FOLDER/it/package.ts:3:8",
    "  hint: put what recipes share into that folder",
  ]);
  fails(
    withImport('import { readText } from "cleave/recipe";\nconst text = readText("./none.txt"); void text;'),
    [
      "error[recipe-file]: there is no file ./none.txt",
      "  at FOLDER/it/package.ts:4:14",
      "  hint: paths are relative to the file that names them",
    ],
  );
  fails(
    {
      ...withImport('import data from "./data.json" with { type: "json" }; void data;'),
      "it/data.json": "{",
    },
    [
      "error[recipe-file]: this is no JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
      "  at FOLDER/it/data.json",
      "  hint: mend the file",
    ],
  );
});

test("scripts import nothing from outside of the source folder, through links neither", () => {
  using temp = temporaryFolder();
  writeFiles(temp.path, { "outside.ts": "export const x = 1;\n" });
  const phase = (from: string): string =>
    `import { definePhase } from "cleave/phase";\nimport { x } from "${from}";\nexport default definePhase((phase) => phase.log(String(x)));\n`;
  const set = join(temp.path, "set");
  writeFiles(set, {
    "it/package.ts": rawRecipe("it", {
      imports: 'import { script } from "cleave/recipe";',
      more: 'files: { script: script("phase.ts") },',
    }),
    "it/phase.ts": phase("../lib/inside.ts"),
    "lib/inside.ts": "export const x = 2;\n",
  });
  symlinkSync("../../outside.ts", join(set, "it/link.ts"));
  const derivation = () => openSet(set).package("it").interface.derivation;
  assert.match(derivation(), /-it-1\.drv$/);
  for (const from of ["../../outside.ts", "./link.ts"]) {
    writeFiles(set, { "it/phase.ts": phase(from) });
    assertError(
      derivation,
      `error[recipe-outside]: the script phase.ts imports ${temp.path}/outside.ts, which lies outside of ${set}, the folder that the recipe belongs to`,
      `  at ${set}/it/phase.ts`,
      "  hint: put what scripts share into that folder",
    );
  }
});

test("what may not be looked at is told, a name that is too long is none", () => {
  const long = "x".repeat(300);
  fails(withImport(`import { x } from "./${long}.ts"; void x;`), [
    `error[recipe-import]: there is no file ./${long}.ts`,
    "  at FOLDER/it/package.ts:3:19",
    "  hint: paths are relative to the file that imports",
  ]);
  using temp = temporaryFolder();
  writeFiles(temp.path, { "it/package.ts": rawRecipe("it") });
  assertError(
    () => openSet(temp.path).package(long),
    `error[attribute-unknown]: there is no package ${long}`,
    "  hint: cleave list shows all",
  );
});

test("what cannot be part of a tree is not left out of it", () => {
  const it = withImport('import { tree } from "cleave/recipe";\nexport const source = tree("source");');
  for (const [make, name, message, hint] of [
    [
      "mkfifo fifo",
      "fifo",
      "a tree takes files, folders and links, and this is none of them",
      "leave it out with a filter: tree(path, (name) => …)",
    ],
    [
      ": >\"$(printf 'a\\377')\"",
      '"a\\udcff',
      "the name of this file is not UTF-8",
      "call it otherwise, or leave it out with a filter",
    ],
    [
      "mkdir \"$(printf 'a\\377')\"",
      '"a\\udcff',
      "the name of this file is not UTF-8",
      "call it otherwise, or leave it out with a filter",
    ],
  ] as const) {
    using temp = temporaryFolder();
    writeFiles(temp.path, { ...it, "it/source/file": "" });
    execFileSync("sh", ["-c", make], { cwd: join(temp.path, "it/source") });
    const place = `${temp.path}/it/source/`;
    assertError(
      () => openSet(temp.path).package("it").interface,
      `error[recipe-file]: ${message}`,
      `  at ${name.startsWith('"') ? `"${place}${name.slice(1)}"` : `${place}${name}`}`,
      `  hint: ${hint}`,
    );
  }
});

test("what no recipe may do, where it is loaded and where it is evaluated", () => {
  fails(withImport("const now =\n  Date.now(); void now;"), [
    "error[recipe-forbidden]: a recipe has no Date",
    "  at FOLDER/it/package.ts:4:3",
    "  hint: a recipe has no clock: hand the time in as an option, or leave it out",
  ]);
  fails({ ...withImport('import "./lib.ts";'), "it/lib.ts": "\n  null.x;\n" }, [
    "error[recipe-throws]: a recipe throws while it is loaded: TypeError: Cannot read properties of null (reading 'x')",
    "  at FOLDER/it/lib.ts:2:8",
    "  hint: mend the recipe at this place",
  ]);
  fails(withImport("const f = (): number => f() + 1;\ntry { f(); } catch { /* Nothing. */ }"), [
    "error[recipe-overflow]: a recipe caught an overflow of the stack",
    "  hint: how deep the stack is depends on the machine: end the recursion by a count of your own",
  ]);
});

test("overlays and settings that fit nothing", () => {
  using temp = temporaryFolder();
  writeFiles(temp.path, { "overlay.ts": "export default 1;\n" });
  fails(
    { "it/package.ts": rawRecipe("it") },
    [
      "error[overlay-invalid]: the default export of an overlay is a record of modules by attribute",
      `  at ${temp.path}/overlay.ts`,
      '  hint: such as export default { hello: uses(autotools).package("mine", …), "*": … }',
    ],
    { overlays: [`${temp.path}/overlay.ts`] },
  );
  writeFiles(temp.path, { "typo.ts": 'export default { "*": [], itt: [] };\n' });
  fails(
    { "it/package.ts": rawRecipe("it") },
    [
      "error[overlay-invalid]: this overlay names itt, and there is no such package",
      `  at ${temp.path}/typo.ts`,
      "  hint: did you mean it?",
    ],
    { overlays: [`${temp.path}/typo.ts`] },
  );
  fails(
    { "it/package.ts": rawRecipe("it") },
    [
      "error[setting-malformed]: other.version=2 sets no option of a package",
      "  hint: write ATTR.OPTION=VALUE, such as hello.doCheck=false; cleave options ATTR lists them",
    ],
    { settings: ["other.version=2"] },
  );
  fails(
    { "package/package.ts": rawRecipe("package") },
    [
      "error[setting-malformed]: pakcage.version=2 sets no option of a package",
      "  hint: did you mean the package package?",
    ],
    { settings: ["pakcage.version=2"] },
  );
  fails(
    { "it/package.ts": rawRecipe("it") },
    ["error[setting-malformed]: it.version has no value", "  hint: write it.version=VALUE"],
    { settings: ["it.version"] },
  );
  fails(
    { "it/package.ts": rawRecipe("it") },
    [
      "error[option-type]: the option version takes a string matching the pattern ^[a-zA-Z0-9+._?=-]+$, which this is not:",
      "    2, by module --set at --set",
      `  hint: a setting is JSON, or a text that is none: --set 'ATTR.OPTION=["-O3"]', --set 'ATTR.OPTION="3"' for a text of digits`,
    ],
    { settings: ["it.version=2"] },
  );
});

test("counts that have grown, and budgets that are none", () => {
  const counts = {
    packages: 2,
    options: 20,
    definitions: 9,
    merges: 1,
    reads: 4,
    dependencies: 1,
    files: 3,
    bytes: 900,
  };
  checkBudget({ ...counts, bytes: 980 }, { growth: 0.1, counts }, "/b.json");
  assertError(
    () => checkBudget({ ...counts, bytes: 1000, options: 30 }, { growth: 0.1, counts }, "/b.json"),
    "error[budget-exceeded]: counts have grown by more than 10 %: options 20 to 30, bytes 900 to 1000",
    "  at /b.json",
    "  hint: find what grew with cleave eval --stats; if it is meant to, write the budget /b.json anew with --write-budget",
  );
  assertError(
    () => parseBudget('{ "growth": "much" }', "/b.json"),
    "error[budget-malformed]: this is no budget of counts",
    "  at /b.json",
    '  hint: write { "growth": 0.1, "counts": { … } }, with the counts that cleave eval --stats --json prints',
  );
  assert.deepEqual(parseBudget(JSON.stringify({ growth: 0.1, counts }), "/b.json").counts, counts);
});
