import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

const program = join(repository, "cleave");

test("cleave unpack makes a folder of an archive, or nothing", async () => {
  using temp = temporaryFolder();
  const cwd = temp.path;
  mkdirSync(join(cwd, "tree"));
  writeFileSync(join(cwd, "tree/file"), "content\n");
  execFileSync("tar", ["--create", "--xz", "--file=a b.tar.xz", "tree"], { cwd });
  assert.deepEqual(await cleave(["unpack", "a b.tar.xz", "out"], { cwd }), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.equal(readFileSync(join(cwd, "out/tree/file"), "utf8"), "content\n");
  assert.deepEqual(await cleave(["unpack", "--json", "a b.tar.xz", "second"], { cwd }), {
    code: 0,
    stdout: '{"format":"tar","compression":"xz","entries":2,"bytes":8}\n',
    stderr: "",
  });
  assert.deepEqual(await cleave(["unpack", "a b.tar.xz", "out"], { cwd }), {
    code: 1,
    stdout: "",
    stderr:
      `error[archive-unpack]: ${cwd}/out is there already\n` +
      "  hint: name a place that is not there yet\n" +
      "  more: cleave explain archive-unpack\n",
  });
  assert.deepEqual(await cleave(["unpack", "--max-bytes", "7", "a b.tar.xz", "third"], { cwd }), {
    code: 1,
    stdout: "",
    stderr:
      "error[archive-limit]: the archive unpacks to more than 7 bytes, which is the limit\n" +
      '  at "a b.tar.xz"\n' +
      "  hint: if that is what you want, raise the limit (cleave unpack --max-bytes, --max-entries)\n" +
      "  more: cleave explain archive-limit\n",
  });
  for (const [option, wrong, wanted] of [
    ["--max-entries", "few", "a whole number from 0 to 1000000000000000"],
    ["--max-entries", "99999999999999999999", "a whole number from 0 to 1000000000000000"],
    ["--max-bytes", "1E", "a number of bytes up to 1024T, such as 1048576, 1024K or 1M"],
    ["--max-bytes", "1025T", "a number of bytes up to 1024T, such as 1048576, 1024K or 1M"],
  ] as const)
    assert.deepEqual(await cleave(["unpack", option, wrong, "a b.tar.xz", "third"], { cwd }), {
      code: 2,
      stdout: "",
      stderr: `error[cli-usage]: ${option} takes ${wanted}, not ${wrong}\n  more: cleave explain cli-usage\n`,
    });
  writeFileSync(join(cwd, "page.tar.gz"), "<!doctype html>\n");
  assert.deepEqual(await cleave(["unpack", "page.tar.gz", "third"], { cwd }), {
    code: 1,
    stdout: "",
    stderr:
      "error[archive-malformed]: this is no archive that cleave reads\n" +
      "  at page.tar.gz, offset 0\n" +
      "  hint: fetch it again and check its hash; cleave reads tar, plain or with gzip, bzip2, xz or zstd, and zip\n" +
      "  more: cleave explain archive-malformed\n",
  });
  assert.deepEqual(readdirSync(cwd).sort(), ["a b.tar.xz", "out", "page.tar.gz", "second", "tree"]);
});

test("an archive comes from standard input, whatever its format", async () => {
  using temp = temporaryFolder();
  const cwd = temp.path;
  mkdirSync(join(cwd, "tmp"));
  const env = { TMPDIR: join(cwd, "tmp") };
  writeFileSync(join(cwd, "file"), "content\n");
  const zip = Buffer.from("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==", "base64");
  const tar = execFileSync("tar", ["--create", "--gzip", "file"], { cwd });
  assert.deepEqual(await cleave(["unpack", "--json", "-", "zip"], { cwd, env, input: zip }), {
    code: 0,
    stdout: '{"format":"zip","compression":"none","entries":0,"bytes":0}\n',
    stderr: "",
  });
  assert.deepEqual(await cleave(["unpack", "--max-bytes=1K", "-", "tar"], { cwd, env, input: tar }), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.equal(readFileSync(join(cwd, "tar/file"), "utf8"), "content\n");
  assert.deepEqual(await cleave(["unpack", "-", "cut"], { cwd, env, input: tar.subarray(0, -9) }), {
    code: 1,
    stdout: "",
    stderr:
      "error[archive-malformed]: the archive ends in the middle of the gzip data\n" +
      '  at "standard input"\n' +
      "  hint: fetch it again and check its hash; cleave reads tar, plain or with gzip, bzip2, xz or zstd, and zip\n" +
      "  more: cleave explain archive-malformed\n",
  });
  // The shell ends as cleave does; the pipe's writer never writes.
  assert.equal(
    spawnSync(
      "bash",
      ["-c", 'mkfifo p; exec "$0" unpack - out <> p & sleep 0.7; kill $!; wait $!', program],
      {
        cwd,
        env: { ...process.env, ...env },
        timeout: 10_000,
      },
    ).status,
    143,
  );
  assert.deepEqual(readdirSync(cwd).sort(), ["file", "p", "tar", "tmp", "zip"]);
  assert.deepEqual(readdirSync(join(cwd, "tmp")), []);
});

test("a folder and a pipe are no archives, and a pipe is not waited for", async () => {
  using temp = temporaryFolder();
  const cwd = temp.path;
  execFileSync("mkfifo", ["pipe"], { cwd });
  assert.deepEqual(await cleave(["unpack", "pipe", "out"], { cwd }), {
    code: 1,
    stdout: "",
    stderr:
      "error[archive-malformed]: this is a pipe or a device, and an archive is a file\n" +
      "  at pipe\n" +
      "  hint: cleave unpack reads standard input where the archive is called -\n" +
      "  more: cleave explain archive-malformed\n",
  });
  assert.deepEqual(await cleave(["unpack", ".", "out"], { cwd }), {
    code: 1,
    stdout: "",
    stderr:
      "error[archive-malformed]: this is a folder, and an archive is a file\n" +
      "  at .\n" +
      "  hint: name the archive itself\n" +
      "  more: cleave explain archive-malformed\n",
  });
  assert.deepEqual(readdirSync(cwd), ["pipe"]);
});
