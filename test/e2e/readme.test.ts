/** The README's example, run as it stands there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools, toolsRoot } from "../support/bootstrapped.ts";
import { cleave, repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

test("the README's example compiles and prints what stands below it", () => {
  using temp = temporaryFolder();
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const [, example = "", output] =
    /```ts\n(import \{ defineModule[^`]*(?:`[^`]+)*?)```\n\n```\n(.*?)```/s.exec(readme) ?? [];
  mkdirSync(join(temp.path, "node_modules"));
  symlinkSync(repository, join(temp.path, "node_modules/cleave"));
  symlinkSync(join(repository, "node_modules/@types"), join(temp.path, "node_modules/@types"));
  // As npm init writes it.
  writeFileSync(join(temp.path, "package.json"), '{ "type": "commonjs" }');
  writeFileSync(join(temp.path, "hello.mts"), example);
  writeFileSync(
    join(temp.path, "tsconfig.json"),
    JSON.stringify({ extends: join(repository, "tsconfig.json"), include: ["hello.mts"] }),
  );
  const env = { PATH: process.env["PATH"] };
  execFileSync(join(repository, "node_modules/.bin/tsc"), ["--rootDir", "/", "--project", temp.path], {
    env,
  });
  const printed = execFileSync(process.execPath, ["--conditions=cleave-source", "hello.mts"], {
    cwd: temp.path,
    env,
    encoding: "utf8",
  });
  assert.equal(printed.replaceAll(temp.path, "/home/me"), output);
});

test("the README's first package is built and run as it says there", needsTools, async () => {
  using temp = temporaryFolder();
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  writeFileSync(join(temp.path, "package.json"), '{ "type": "commonjs", "dependencies": { "cleave": "*" } }');
  const files = [...readme.matchAll(/^`(packages\/greet\/\S+?)`[^\n]*:\n\n```\w+\n(.*?)```$/gms)];
  assert.equal(files.length, 3);
  for (const [, name = "", text = ""] of files) {
    mkdirSync(join(temp.path, name, ".."), { recursive: true });
    writeFileSync(join(temp.path, name), text);
  }
  const env = { CLEAVE_ROOT: toolsRoot, PATH: process.env["PATH"] ?? "", HOME: temp.path };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await cleave(args, { cwd: temp.path, env });
    assert.equal(code, 0, stderr);
    return stdout.replaceAll(/\/nix\/store\/[0-9a-z]{32}-/g, "/nix/store/…-");
  };
  const lines = readme.split("\n");
  /** What stands below a command, up to the next one or the end of the block. */
  const said = (command: string): string => {
    const start = lines.findIndex((line) => line.startsWith(`$ npx cleave ${command}`)) + 1;
    const end = lines.findIndex(
      (line, at) => at >= start && (line.startsWith("$ ") || line.startsWith("```")),
    );
    return lines
      .slice(start, end)
      .map((line) => `${line}\n`)
      .join("");
  };
  assert.equal(await run("show", "greet"), said("show greet"));
  assert.equal(await run("run", "greet", "--", "Ada"), said("run greet"));
  const built = await run("build", "greet");
  const greeting = execFileSync(join(temp.path, "result/bin/greet"), { encoding: "utf8" });
  assert.equal(built + greeting, said("build greet"));
  assert.equal(await run("build", "--check", "--partition", "split", "greet"), said("build --check"));
});
