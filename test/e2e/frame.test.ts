/** The launcher and what every command shares. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));

test("cleave --version", async () => {
  assert.deepEqual(await cleave(["--version"]), { code: 0, stdout: `cleave ${version}\n`, stderr: "" });
});

test("the launcher is found through symlinks to it and to its folder, relative and odd ones too", () => {
  using temp = temporaryFolder();
  const odd = join(temp.path, "a b\n");
  mkdirSync(odd);
  symlinkSync(repository, join(odd, "checkout"));
  symlinkSync("checkout/cleave", join(odd, "first"));
  symlinkSync("first", join(odd, "second"));
  const env = { PATH: process.env["PATH"] ?? "" };
  for (const program of ["./second", join(odd, "second"), "checkout/cleave"])
    assert.equal(
      execFileSync(program, ["--version"], { cwd: odd, env, encoding: "utf8" }),
      `cleave ${version}\n`,
    );
  const viaPath = execFileSync("second", ["--version"], {
    cwd: "/",
    env: { PATH: `${odd}:${env.PATH}` },
    encoding: "utf8",
  });
  assert.equal(viaPath, `cleave ${version}\n`);
});

test("without its packages the launcher says the one command that brings them", () => {
  using temp = temporaryFolder();
  copyFileSync(join(repository, "cleave"), join(temp.path, "cleave"));
  const { status, stderr } = spawnSync(join(temp.path, "cleave"), ["--version"], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "" },
  });
  assert.equal(
    stderr,
    `cleave: the Node that it runs on is missing; to bring it, run: npm ci --ignore-scripts (in ${temp.path})\n`,
  );
  assert.equal(status, 1);
});

test("a mistyped command names the nearest, and exits with 2", async () => {
  assert.deepEqual(await cleave(["explian"]), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-unknown-command]: there is no command explian\n" +
      "  hint: did you mean cleave explain?\n" +
      "  more: cleave explain cli-unknown-command\n",
  });
});

test("wrong arguments say which, show the usage and exit with 2", async () => {
  assert.deepEqual(await cleave(["explain", "--jsn"]), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-usage]: Unknown option '--jsn'\n" +
      "  hint: usage: cleave explain [CODE]\n" +
      "  more: cleave explain cli-usage\n",
  });
  assert.deepEqual(await cleave(["explain", "a", "b c"]), {
    code: 2,
    stdout: "",
    stderr:
      'error[cli-usage]: cleave explain takes at most 1 argument, not 2: a "b c"\n' +
      "  hint: usage: cleave explain [CODE]\n" +
      "  more: cleave explain cli-usage\n",
  });
});

test("cleave explain prints the page of a code", async () => {
  const page = readFileSync(join(repository, "docs/errors/cli-usage.md"), "utf8");
  assert.deepEqual(await cleave(["explain", "cli-usage"]), { code: 0, stdout: page, stderr: "" });
  assert.deepEqual(await cleave(["explain", "cli-usgae"]), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-unknown-code]: there is no error code cli-usgae\n" +
      "  hint: did you mean cli-usage?\n" +
      "  more: cleave explain cli-unknown-code\n",
  });
});

test("output that nobody reads ends the command quietly", () => {
  const { stderr, stdout } = spawnSync(
    "sh",
    ["-c", '"$0" explain | true; echo done', join(repository, "cleave")],
    {
      encoding: "utf8",
    },
  );
  assert.deepEqual([stdout, stderr], ["done\n", ""]);
});
