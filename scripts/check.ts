/**
 * `npm test`: types, lint, dead code, then the tests; ends with `N passed, N failed`.
 *
 * With arguments it runs only the test files whose path contains one of them: `npm test -- nix/nar`.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

type Verdict = {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  readonly output: string;
};

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
const wanted = process.argv.slice(2);

const started = performance.now();
const verdicts = wanted.length > 0 ? [] : await Promise.all(["types", "lint", "dead code"].map(check));
for (const { name, passed, seconds, output } of verdicts)
  console.log(`${passed ? "✔" : "✖"} ${name} (${seconds.toFixed(1)} s)${passed ? "" : `\n${output}`}`);
let passed = verdicts.filter((verdict) => verdict.passed).length;
let failed = verdicts.length - passed;
const skipped: string[] = [];

const files = globSync("test/**/*.test.ts").filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
);
if (files.length === 0) {
  console.log(`no test file matches ${wanted.join(" ")}`);
  failed += 1;
} else await runTests(files.sort());

console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s`);
for (const each of skipped) console.log(`SKIPPED: ${each}`);
console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

function check(name: string): Promise<Verdict> {
  const [program = "", ...args] =
    {
      types: ["tsc"],
      lint: ["biome", "check", "--error-on-warnings", "--colors=off"],
      "dead code": ["knip"],
    }[name] ?? [];
  return new Promise((resolve) => {
    const begun = performance.now();
    const chunks: Buffer[] = [];
    const child = spawn(`node_modules/.bin/${program}`, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.on("error", (error) => chunks.push(Buffer.from(String(error))));
    child.on("close", (status) =>
      resolve({
        name,
        passed: status === 0,
        seconds: (performance.now() - begun) / 1000,
        output: Buffer.concat(chunks).toString(),
      }),
    );
  });
}

function runTests(files: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const stream = run({
      files: [...files],
      concurrency: availableParallelism(),
      execArgv: ["--conditions=cleave-source"],
      // For one file: far more than any needs, so that a test that hangs is named.
      timeout: 5 * 60 * 1000,
    });
    stream.on("test:pass", ({ name, skip, todo, details }) => {
      if (skip !== undefined) skipped.push(`${name}${typeof skip === "string" ? `: ${skip}` : ""}`);
      else if (todo === undefined && details.type !== "suite") passed += 1;
    });
    stream.on("test:fail", ({ details }) => {
      if (details.type !== "suite") failed += 1;
    });
    stream.on("end", resolve);
    stream.compose(spec).pipe(process.stdout);
  });
}
