import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import {
  compileSegment,
  expandBraces,
  expandGlob,
  type GlobTree,
} from "../../../stdenv/interpreters/quickjs/glob.ts";
import { needs, openPhaseRig, type PhaseRig } from "./rig.ts";

const files = [
  ".hidden/inside.c",
  ".profile",
  "README",
  "a-b.c",
  "lib/deep/er/x.c",
  "lib/deep/x.h",
  "lib/x.c",
  "lib/[odd]{name}*.c",
  "src/main.c",
  "src/é.c",
  "src/\u{1f600}.c",
  "src/main.h",
];

/** What each pattern finds among the files, and a symlink `link` to `lib`. */
const cases: Readonly<Record<string, readonly string[]>> = {
  README: ["README"],
  missing: [],
  "./README": ["README"],
  "*": ["README", "a-b.c", "lib", "link", "src"],
  ".*": [".hidden", ".profile"],
  "*/": ["lib", "link", "src"],
  "README/": [],
  "*.c": ["a-b.c"],
  "src/*.c": ["src/main.c", "src/é.c", "src/\u{1f600}.c"],
  "src/?.c": ["src/é.c", "src/\u{1f600}.c"],
  "src/ma??.[ch]": ["src/main.c", "src/main.h"],
  "src/main.[!c]": ["src/main.h"],
  "src/main.[^a-g]": ["src/main.h"],
  "[a-c]-[b].c": ["a-b.c"],
  "a[-x]b.c": ["a-b.c"],
  "a[]-]b.c": ["a-b.c"],
  "**/x.c": ["lib/deep/er/x.c", "lib/x.c"],
  "lib/**": ["lib/[odd]{name}*.c", "lib/deep", "lib/deep/er", "lib/deep/er/x.c", "lib/deep/x.h", "lib/x.c"],
  "lib/**/": ["lib/deep", "lib/deep/er"],
  "link/*.c": ["link/[odd]{name}*.c", "link/x.c"],
  "{src,lib}/*.h": ["src/main.h"],
  "{src/main.{c,h},README}": ["README", "src/main.c", "src/main.h"],
  "lib/\\[odd\\]\\{name\\}\\*.c": ["lib/[odd]{name}*.c"],
  "lib/[[]odd]{name}*": ["lib/[odd]{name}*.c"],
  "src/main.{c}": [],
  "src/[main.c": [],
  "lib/../README": ["lib/../README"],
};

/** A tree of the files in memory. */
const tree: GlobTree = {
  list: (folder) => [...new Set(below(folder).map((path) => path.split("/")[0] ?? ""))].sort(),
  exists: (path) => exists(path),
  isFolder: (path, followed) =>
    clean(path) === "link" ? followed : exists(path) && !files.includes(clean(path)),
};

function clean(path: string): string {
  return path.replace(/^[^/]+\/\.\.(\/|$)/, "").replace(/^link\//, "lib/");
}

function exists(path: string): boolean {
  return ["", "link"].includes(clean(path)) || files.some((each) => `${each}/`.startsWith(`${clean(path)}/`));
}

function below(folder: string): string[] {
  if (folder === ".") return [...files, "link"];
  const prefix = `${clean(folder === "link" ? "lib" : folder)}/`;
  return files.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
}

for (const [pattern, expected] of Object.entries(cases))
  test(`a pattern: ${pattern}`, () => assert.deepEqual(expandGlob(pattern, tree), expected));

test("a segment is a whole name, and what is special in regular expressions is not", () => {
  assert.ok(compileSegment("a.b+(c)|^$").test("a.b+(c)|^$"));
  assert.ok(!compileSegment("a.b").test("axb"));
  assert.ok(!compileSegment("b").test("abc"));
  assert.ok(compileSegment("*\n*").test("x\ny"));
  assert.ok(!compileSegment("[!a]").test("/"));
  assert.ok(!compileSegment("[z-a]").test("b"));
});

test("braces are written out in their order", () => {
  assert.deepEqual(expandBraces("a{1,2{x,y}}b{3,}"), ["a1b3", "a1b", "a2xb3", "a2xb", "a2yb3", "a2yb"]);
  assert.deepEqual(expandBraces("\\{a,b}"), ["\\{a,b}"]);
  assert.deepEqual(expandBraces("{a}{b"), ["{a}{b"]);
});

function writeTree({ work }: PhaseRig): void {
  for (const file of files) {
    mkdirSync(join(work, dirname(file)), { recursive: true });
    writeFileSync(join(work, file), "");
  }
  symlinkSync("lib", join(work, "link"));
}

const scripts = {
  quickjs: `import { definePhase } from "cleave/phase";
export default definePhase<readonly string[], readonly (readonly string[])[]>((phase) =>
  phase.data.map((pattern) => phase.glob(pattern, { optional: true })));
`,
  lua: `local phase = ...
local results = phase.json.array({})
for index, pattern in ipairs(phase.data) do
  results[index] = phase.json.array(phase.glob(pattern))
end
return results
`,
} as const;

for (const language of ["quickjs", "lua"] as const)
  test(`patterns find the same files on disk: ${language}`, await needs(language), async () => {
    using rig = await openPhaseRig();
    writeTree(rig);
    const { result } = rig.succeed({
      language,
      script: { text: scripts[language] },
      data: Object.keys(cases),
    });
    assert.deepEqual(result, Object.values(cases));
  });
