/**
 * What the compiler says of right and wrong modules: everything in `fixtures/` is compiled once.
 *
 * A line `// wrong TS2353: pnmae` says that the next line has exactly that error, with that text in its message.
 * `check<Equal<A, B>>()` holds where two types are the same. Nothing else may be reported.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { repository } from "../../support/cleave.ts";

type Finding = { readonly file: string; readonly line: number; readonly code: string; readonly text: string };

const folder = join(import.meta.dirname, "fixtures");
const expected = globSync("*.ts", { cwd: folder })
  .sort()
  .flatMap((file) => marks(file, readFileSync(join(folder, file), "utf8")));
const found = compile();

test("the compiler rejects every wrong program, at its line and for its reason", () => {
  for (const { file, line, code, text } of expected) {
    const here = found.filter((finding) => finding.file === file && finding.line === line);
    assert.ok(here.length > 0, `${file}:${line} is accepted, and should be ${code}: ${text}`);
    for (const finding of here) {
      assert.equal(finding.code, code, `${file}:${line}: ${finding.text}`);
      assert.ok(finding.text.includes(text), `${file}:${line} says: ${finding.text}`);
    }
  }
});

test("the compiler accepts everything else, with exactly the types that are asserted", () => {
  assert.deepEqual(
    found.filter(({ file, line }) => !expected.some((mark) => mark.file === file && mark.line === line)),
    [],
  );
});

test("there are at least 40 wrong programs and 40 asserted types", () => {
  assert.ok(expected.length >= 40, `${expected.length} wrong programs`);
  const asserted = globSync("*.ts", { cwd: folder })
    .map((file) => readFileSync(join(folder, file), "utf8").match(/^\s*check<Equal</gm)?.length ?? 0)
    .reduce((sum, count) => sum + count, 0);
  assert.ok(asserted >= 40, `${asserted} asserted types`);
});

/** Read the marks of a file. */
function marks(file: string, source: string): Finding[] {
  return source.split("\n").flatMap((line, index) => {
    const [, code, text] = /^\s*\/\/ wrong (TS\d+): (.+)$/.exec(line) ?? [];
    return code === undefined || text === undefined ? [] : [{ file, line: index + 2, code, text }];
  });
}

/** Run the compiler over the folder; a message of several lines is one finding. */
function compile(): Finding[] {
  const { stdout, error } = spawnSync(
    join(repository, "node_modules/.bin/tsc"),
    ["-p", folder, "--pretty", "false"],
    {
      encoding: "utf8",
    },
  );
  if (error !== undefined) throw error;
  const findings: { file: string; line: number; code: string; text: string }[] = [];
  for (const each of stdout.split("\n").filter((part) => part !== "")) {
    const [, file, line, code, text] = /^(\S.*)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(each) ?? [];
    const last = findings.at(-1);
    if (file !== undefined && code !== undefined && text !== undefined)
      findings.push({ file: basename(file), line: Number(line), code, text });
    else if (last !== undefined) last.text += `\n${each}`;
    else throw new Error(`the compiler says: ${each}`);
  }
  return findings;
}
