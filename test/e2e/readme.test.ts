/** The README's example, run as it stands there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

test("the README's example compiles and prints what stands below it", () => {
  using temp = temporaryFolder();
  const readme = readFileSync(join(repository, "README.md"), "utf8");
  const [, example = "", output] = /```ts\n(.*?)```\n\n```\n(.*?)```/s.exec(readme) ?? [];
  mkdirSync(join(temp.path, "node_modules"));
  symlinkSync(repository, join(temp.path, "node_modules/cleave"));
  symlinkSync(join(repository, "node_modules/@types"), join(temp.path, "node_modules/@types"));
  writeFileSync(join(temp.path, "package.json"), '{ "type": "module" }');
  writeFileSync(join(temp.path, "hello.ts"), example);
  writeFileSync(
    join(temp.path, "tsconfig.json"),
    JSON.stringify({ extends: join(repository, "tsconfig.json"), include: ["hello.ts"] }),
  );
  const env = { PATH: process.env["PATH"] };
  execFileSync(join(repository, "node_modules/.bin/tsc"), ["--rootDir", "/", "--project", temp.path], {
    env,
  });
  const printed = execFileSync(process.execPath, ["--conditions=cleave-source", "hello.ts"], {
    cwd: temp.path,
    env,
    encoding: "utf8",
  });
  assert.equal(printed.replaceAll(temp.path, "/home/me"), output);
});
