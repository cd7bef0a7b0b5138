/** What is read ahead in a second thread is what would have been read. */
import assert from "node:assert/strict";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CleaveError, describeError } from "../../src/base/index.ts";
import type { PackageSet } from "../../src/recipes/index.ts";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

const count = 300;
const nameOf = (index: number): string => `p${String(index).padStart(3, "0")}`;

function writeSet(folder: string): readonly string[] {
  const names = Array.from({ length: count }, (_, index) => nameOf(index));
  writeFiles(
    folder,
    Object.fromEntries(
      names.map((name, index) => [
        `set/${name}/package.ts`,
        rawRecipe(name, {
          env: { A: JSON.stringify(`${index} ∞`) },
          more: index === 0 ? "" : `tools: { t: "${nameOf(index - 1)}" },`,
        }),
      ]),
    ),
  );
  return names;
}

/** The derivation of a package, or what is wrong with it. */
function outcomeOf(set: PackageSet, name: string): string {
  try {
    return set.package(name).interface.derivation;
  } catch (error) {
    if (error instanceof CleaveError) return describeError(error);
    throw error;
  }
}

test("a set comes out the same with its recipes read ahead, wrong ones too", async () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const names = writeSet(temp.path);
  writeFileSync(join(folder, "p150/package.ts"), "export default 1 +;\n");
  writeFileSync(join(folder, "p200/package.ts"), 'import "node:fs";\nexport default 1;\n');
  writeFileSync(join(temp.path, "outside.ts"), rawRecipe("p250"));
  rmSync(join(folder, "p250/package.ts"));
  symlinkSync("../../outside.ts", join(folder, "p250/package.ts"));
  writeFileSync(
    join(folder, "p220/package.ts"),
    "const twice = (f: (n: number) => number) => (n: number) => f(f(n)); [1].map((n) => twice((m) => m / n)(n)).map(() => { throw new Error('no'); });\n",
  );

  const plain = openSet(folder);
  const expected = names.map((name) => outcomeOf(plain, name));
  assert.match(expected[150] ?? "", /^error\[recipe-syntax\].*\n {2}at .*p150\/package\.ts:1:19/);
  assert.match(expected[200] ?? "", /^error\[recipe-import\]/);
  assert.match(expected[220] ?? "", /^error\[recipe-throws\].*\n {2}at .*p220\/package\.ts:1:126/);
  assert.match(expected[250] ?? "", /^error\[recipe-outside\]/);

  const ahead = openSet(folder);
  ahead.expect(names);
  const found = names.map((name, index) => {
    // Time for the other thread, and then none.
    if (index === 3) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return outcomeOf(ahead, name);
  });
  assert.deepEqual(found, expected);
  assert.deepEqual(ahead.statistics().files, plain.statistics().files);
});
