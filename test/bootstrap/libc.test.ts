/** What cc puts before functions of its C library, beside the C library of the machine. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../support/cleave.ts";
import { compile, needsHostCompiler } from "../support/host-compiler.ts";
import { temporaryFolder } from "../support/temp.ts";

test("functions of libc.c do what those of the machine's C library do", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const program = join(temp.path, "libc");
  compile(join(repository, "test/bootstrap/libc.c"), program, ["-D_GNU_SOURCE", "-O1", "-fno-builtin"]);
  const { status, stdout, signal } = spawnSync(program, { encoding: "utf8" });
  assert.deepEqual({ status, signal, stdout }, { status: 0, signal: null, stdout: "0 differences\n" });
});
