/** Positions in files that a compiler made, with a source map beside them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { evalModules, type Module } from "cleave/modules";
import { repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

const library = JSON.stringify(join(repository, "src/modules/index.ts"));
const code = `import { defineModule, mkOption, types } from ${library};
export const one =
defineModule("one", {
  options: { a: mkOption({ type: types.int, default: 1 }) },
});
export const two =
defineModule("two", {
  options: { b: mkOption({ type: types.int, default: 2 }) },
});
`;

test("a file with a source map is shown as it was written, and is read once", async () => {
  using temp = temporaryFolder();
  const written = join(temp.path, "modules.ts");
  writeFileSync(written, `// A line that the compiler leaves out.\n${code}`);
  const compiled = join(temp.path, "modules.js");
  writeFileSync(compiled, code);
  // Each line is that of the same number, counted from 0, plus one.
  const mappings = code.replaceAll(/.*\n/g, "AACA;");
  writeFileSync(
    `${compiled}.map`,
    JSON.stringify({ version: 3, sources: ["modules.ts"], names: [], mappings }),
  );
  const { one, two }: { one: Module; two: Module } = await import(compiled);
  const { explain } = evalModules({ modules: [one, two] });
  assert.deepEqual(explain("a").declarations, [
    { module: "one", location: { file: written, line: 5, column: 14 } },
  ]);
  // A file that is read again for each module would be one that cannot be read here.
  writeFileSync(written, "this is ( no module");
  assert.deepEqual(explain("b").declarations, [
    { module: "two", location: { file: written, line: 9, column: 14 } },
  ]);
});
