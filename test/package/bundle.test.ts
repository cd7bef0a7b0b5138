import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { bundleScript } from "../../src/package/index.ts";
import { findPlace, readSourceMap } from "../../stdenv/interpreters/quickjs/source-map.ts";
import { temporaryFolder } from "../support/temp.ts";
import { assertError } from "../support/throws.ts";

const script = `import { definePhase } from "cleave/phase";
import { helper } from "./lib/helper.ts";

type Data = { readonly flags: readonly string[] };

// A comment, so that lines differ from those of the bundle.
export default definePhase<Data>((phase) => {
  helper(phase.data.flags);
  phase.log("unlike any other text");
});
`;
const helper = `type Flags = readonly string[];

export function helper(flags: Flags): void {
  if (flags.length > 1000) throw new Error("a thousand flags");
}
`;

function write(folder: string): string {
  mkdirSync(`${folder}/lib`, { recursive: true });
  writeFileSync(`${folder}/phase.ts`, script);
  writeFileSync(`${folder}/lib/helper.ts`, helper);
  return `${folder}/phase.ts`;
}

test("a bundle says where in the script something is, and nothing of where the script is", () => {
  using temp = temporaryFolder();
  const folder = temp.path;
  const first = bundleScript({ file: write(`${folder}/a`), kind: "phase" });
  const second = bundleScript({ file: write(`${folder}/some/where/else`), kind: "phase" });
  const text = new TextDecoder().decode(first.content);
  assert.equal(new TextDecoder().decode(second.content), text);
  assert.equal(text.includes(folder), false);

  const map = readSourceMap(text);
  assert.ok(map);
  assert.deepEqual(
    map.sources.filter((source) => !source.startsWith("stdenv/")),
    ["lib/helper.ts", "phase.ts", "entry"],
  );
  const placeOf = (wanted: string) => {
    const before = text.slice(0, text.indexOf(wanted)).split("\n");
    return findPlace(map, before.length, (before.at(-1)?.length ?? 0) + 1);
  };
  assert.deepEqual(placeOf("phase.log("), { source: "phase.ts", line: 9, column: 3 });
  assert.deepEqual(placeOf('Error("a thousand flags"'), { source: "lib/helper.ts", line: 4, column: 38 });
  assert.equal(placeOf("of version")?.source, "stdenv/interpreters/quickjs/run.ts");
});

test("a bundle is the same through links on the way to its script", () => {
  using temp = temporaryFolder();
  const folder = temp.path;
  const script = write(`${folder}/a`);
  mkdirSync(`${folder}/some/where`, { recursive: true });
  symlinkSync(`${folder}/a`, `${folder}/some/where/link`);
  assert.deepEqual(
    bundleScript({ file: `${folder}/some/where/link/phase.ts`, kind: "phase" }),
    bundleScript({ file: script, kind: "phase" }),
  );
});

test("a script without a phase to export is told as that", () => {
  using temp = temporaryFolder();
  const file = `${temp.path}/phase.ts`;
  for (const text of ["", "module.exports = 1;\n", "const a: number = 1;\n", "export const phase = 1;\n"]) {
    writeFileSync(file, text);
    assertError(
      () => bundleScript({ file, kind: "phase" }),
      "error[script-invalid]: the script phase.ts has no default export",
      `  at ${file}`,
      "  hint: end it with export default definePhase(…) of cleave/phase",
    );
  }
});

test("a bundle follows from the files that are named, and no package.json", () => {
  using temp = temporaryFolder();
  const file = write(temp.path);
  writeFileSync(`${temp.path}/lib/effect.ts`, "globalThis.effect = true;\n");
  const withImport = (specifier: string) => writeFileSync(file, `import "${specifier}";\n${script}`);
  withImport("./lib/effect.ts");
  const first = bundleScript({ file, kind: "phase" });
  writeFileSync(
    `${temp.path}/package.json`,
    '{ "sideEffects": false, "imports": { "#effect": "./lib/effect.ts" }, "name": "it", "exports": "./lib/effect.ts" }',
  );
  assert.deepEqual(bundleScript({ file, kind: "phase" }), first);
  for (const specifier of ["#effect", "it", "./lib/effect", `${temp.path}/lib/effect.ts`]) {
    withImport(specifier);
    assertError(
      () => bundleScript({ file, kind: "phase" }),
      `error[script-invalid]: the script phase.ts does not compile: ${specifier} is no name of a file`,
      `  at ${file}`,
      "  hint: scripts import files with their endings, such as ./lib.ts, and cleave/phase",
    );
  }
  withImport("lodash");
  assertError(
    () => bundleScript({ file, kind: "phase" }),
    'error[script-invalid]: the script phase.ts does not compile: Could not resolve "lodash"',
    `  at ${file}:1:8`,
    "  hint: scripts import files with their endings, such as ./lib.ts, and cleave/phase",
  );
});
