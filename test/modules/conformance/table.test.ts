/** The page that compares with nixpkgs' suite names every check once, and every row that applies has its test. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { parseSync } from "oxc-parser";
import { repository } from "../../support/cleave.ts";

type Row = { readonly checks: readonly string[]; readonly behaviour: string; readonly verdict: string };

const folder = join(repository, "test/modules/conformance");
const page = readFileSync(join(repository, "docs/modules-conformance.md"), "utf8");
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    file: /^\[([^\]]+)\]\(/m.exec(section)?.[1],
    rows: [...section.matchAll(/^\| (.+?) \| (.+?) \| (.+) \|$/gm)]
      .filter(([, checks]) => checks !== "checks")
      .map(
        ([, checks = "", behaviour = "", verdict = ""]): Row => ({
          checks: checks.startsWith("test: ") ? [checks] : checks.split(" "),
          behaviour,
          verdict,
        }),
      ),
  }));
const rows = sections.flatMap((section) => section.rows);

test("the page lists 407 checks of modules.sh and 36 of misc.nix, each once", () => {
  const checks = rows.flatMap((row) => row.checks);
  assert.deepEqual(
    checks.filter((check, index) => checks.indexOf(check) !== index),
    [],
  );
  assert.equal(checks.filter((check) => /^\d+$/.test(check)).length, 407);
  assert.equal(checks.filter((check) => /^test/.test(check)).length, 36);
  assert.equal(checks.length, 443);
});

test("every row says same, different and why, or why it does not apply", () => {
  for (const { behaviour, verdict } of rows)
    assert.match(verdict, /^(same|different: .+|no: .+)$/, `the verdict on "${behaviour}"`);
});

test("every row that applies has a test of its name, and every test a row", () => {
  for (const { file, rows } of sections)
    assert.deepEqual(
      file === undefined ? [] : titles(join(folder, file)),
      rows.filter(({ verdict }) => !verdict.startsWith("no: ")).map(({ behaviour }) => behaviour),
      `${file}`,
    );
  assert.deepEqual(
    globSync("*.test.ts", { cwd: folder })
      .filter((file) => file !== basename(import.meta.filename))
      .sort(),
    sections.flatMap(({ file }) => file ?? []).sort(),
  );
});

/** List the titles of the tests of a file, in order. */
function titles(file: string): string[] {
  return parseSync(file, readFileSync(file, "utf8")).program.body.flatMap((statement) => {
    if (statement.type !== "ExpressionStatement" || statement.expression.type !== "CallExpression") return [];
    const {
      callee,
      arguments: [title],
    } = statement.expression;
    return callee.type === "Identifier" && callee.name === "test" && title?.type === "Literal"
      ? [String(title.value)]
      : [];
  });
}
