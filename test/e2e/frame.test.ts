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

test("a mistake in a group of commands names its nearest members, one in its name the whole", async () => {
  const hint = async (...words: string[]) => / {2}hint: (.*)/.exec((await cleave(words)).stderr)?.[1];
  assert.equal(await hint("store", "inf"), "did you mean cleave store info?");
  assert.match((await hint("store", "bogus")) ?? "", /^there are cleave store root, /);
  assert.equal(await hint("stroe", "gc"), "did you mean cleave store gc?");
  assert.equal(await hint("stroe"), "did you mean cleave store?");
  assert.equal(await hint("version"), "cleave --version tells the version");
});

test("without a command help goes to standard error, with exit code 2", async () => {
  const { code, stdout, stderr } = await cleave([]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^cleave builds packages/);
  assert.equal((await cleave(["store"])).code, 2);
  assert.equal((await cleave(["--help"])).stdout, stderr);
});

test("cleave help COMMAND is cleave COMMAND --help", async () => {
  for (const words of [["store", "gc"], ["explain"], ["store"]])
    assert.deepEqual(await cleave(["help", ...words]), await cleave([...words, "--help"]));
  assert.equal((await cleave(["help", "explian"])).code, 2);
});

test("a working folder that is deleted or not UTF-8 is no problem, or a coded one", () => {
  using temp = temporaryFolder();
  const run = (script: string) =>
    spawnSync("sh", ["-c", script, join(repository, "cleave")], {
      cwd: temp.path,
      encoding: "utf8",
      env: { PATH: process.env["PATH"] ?? "", HOME: temp.path },
    });
  const gone = run('mkdir gone; cd gone; rmdir ../gone; "$0" derivation show x; "$0" --version');
  assert.equal(
    // The shell has a word to say too.
    gone.stderr.replaceAll(/^sh: .*\n/gm, ""),
    "error[cli-no-folder]: the working folder is gone, and paths are relative to it\n" +
      "  hint: go to a folder that is there, such as with cd /\n" +
      "  more: cleave explain cli-no-folder\n",
  );
  assert.equal(gone.stdout, `cleave ${version}\n`);
  const odd = run('d=$(printf "o\\377"); mkdir "$d"; cd "$d"; echo hi >f; "$0" store add f');
  assert.equal(odd.stderr, "");
  assert.match(odd.stdout, /^\/nix\/store\/.*-f\n$/);
});

test("wrong arguments say which, show the usage and exit with 2", async () => {
  assert.deepEqual(await cleave(["explain", "--jsn"]), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-usage]: cleave explain has no option --jsn\n" +
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

test("an option that there is not names the nearest, one without its value says how to write that", async () => {
  const said = async (...words: string[]) => {
    const { code, stderr } = await cleave(words);
    assert.equal(code, 2);
    return stderr.split("\n").slice(0, 2);
  };
  assert.deepEqual(await said("build", "--partiton", "split", "hello"), [
    "error[cli-usage]: cleave build has no option --partiton",
    "  hint: did you mean --partition?",
  ]);
  assert.deepEqual(await said("run", "hello", "--greeting=hi"), [
    "error[cli-usage]: cleave run has no option --greeting",
    "  hint: what the program takes goes after --: cleave run ATTR -- --greeting",
  ]);
  assert.deepEqual(await said("build", "hello", "-j"), [
    "error[cli-usage]: the option --jobs lacks its value",
    "  hint: write --jobs N",
  ]);
  assert.deepEqual(await said("why", "hello", "--in-drv", "-O2"), [
    "error[cli-usage]: the option --in-drv lacks its value",
    "  hint: a value that starts with - is written behind =, as in --in-drv=-…",
  ]);
  assert.deepEqual(await said("store", "gc", "--json=yes"), [
    "error[cli-usage]: the option --json takes no value",
    "  hint: usage: cleave store gc [--max-freed BYTES | --print-roots | --print-live | --print-dead] [--json]",
  ]);
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

test("output that nobody reads ends the command quietly, and a full disk with an error", () => {
  for (const command of ["explain", "--version", "--help"]) {
    const { stderr, stdout } = spawnSync(
      "sh",
      [
        "-c",
        '{ "$0" "$1"; echo $? >&2; } | true; "$0" "$1" >/dev/full; echo $?',
        join(repository, "cleave"),
        command,
      ],
      { encoding: "utf8" },
    );
    assert.equal(stdout, "1\n");
    assert.match(
      stderr,
      /^(?:141|0)\nerror\[file-failed\]: cannot write the results: no space left on device\n {2}at "standard output"\n {2}more: cleave explain file-failed\n$/,
    );
  }
});
