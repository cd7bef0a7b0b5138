import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

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
      "  hint: if that is what you want, raise the limit (cleave unpack --max-bytes, --max-entries)\n" +
      "  more: cleave explain archive-limit\n",
  });
  assert.deepEqual(await cleave(["unpack", "--max-entries", "few", "a b.tar.xz", "third"], { cwd }), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-usage]: --max-entries takes a whole number, not few\n" +
      "  hint: usage: cleave unpack [--max-bytes N] [--max-entries N] [--json] ARCHIVE FOLDER\n" +
      "  more: cleave explain cli-usage\n",
  });
  writeFileSync(join(cwd, "page.tar.gz"), "<!doctype html>\n");
  assert.deepEqual(await cleave(["unpack", "page.tar.gz", "third"], { cwd }), {
    code: 1,
    stdout: "",
    stderr:
      "error[archive-malformed]: this is no archive that cleave reads\n" +
      "  at offset 0\n" +
      "  hint: fetch it again and check its hash; cleave reads tar, plain or with gzip, bzip2, xz or zstd, and zip\n" +
      "  more: cleave explain archive-malformed\n",
  });
  assert.deepEqual(readdirSync(cwd).sort(), ["a b.tar.xz", "out", "page.tar.gz", "second", "tree"]);
});
