/** stage0: the language of its scripts, and what it says of mistakes in them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../support/cleave.ts";
import { compile, needsHostCompiler } from "../support/host-compiler.ts";
import { temporaryFolder } from "../support/temp.ts";

const flags = ["-O1", "-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector"];

/** Compile stage0 into a folder, and give what runs a script in that. */
function stage0In(folder: string): (script: string, env?: Record<string, string>) => string {
  const program = join(folder, "stage0");
  compile(join(repository, "bootstrap/stage0/stage0.c"), program, flags);
  return (script, env = {}) => {
    writeFileSync(join(folder, "script"), script);
    const { status, stdout, stderr } = spawnSync(program, ["script"], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    return `${stdout}${stderr}${status === 0 ? "" : `exit ${status}`}`;
  };
}

test("stage0 reads words, quotes, variables, comments and long lines", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = stage0In(temp.path);
  const script = `# first
write out one\t'two  # three' $A$B.x '$A'y \\
  six # and no more

`;
  assert.equal(run(script, { A: "a b", AB: "no", B: "'" }), "");
  assert.equal(readFileSync(join(temp.path, "out"), "utf8"), "one two  # three a b'.x $Ay six\n");
});

test("stage0 makes folders, files, links and copies, and runs programs", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = stage0In(temp.path);
  mkdirSync(join(temp.path, "from/deep"), { recursive: true });
  writeFileSync(join(temp.path, "from/deep/file"), "new");
  const script = `mkdir to to/deep
write to/deep/file old
write to/kept kept
copy-tree from to
link deep/file to/link
copy to/link copy
run-to log /bin/sh -c 'echo a/file.c /x/file; echo $DIR/to/kept; echo to/kept.x >&2'
copy-named log kept named
run /bin/sh -c 'echo $0 $1; exit 0' ran well
`;
  assert.equal(run(script, { DIR: temp.path }), "ran well\n");
  const read = (path: string) => readFileSync(join(temp.path, path), "utf8");
  assert.equal(read("to/deep/file"), "new");
  assert.equal(read("to/kept"), "kept\n");
  assert.equal(readlinkSync(join(temp.path, "to/link")), "deep/file");
  assert.equal(read("copy"), "new");
  assert.equal(read("named"), "kept\n");
});

test("stage0 names the line and the command of what fails, and goes no further", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = stage0In(temp.path);
  const fails = (script: string, message: string) => {
    assert.equal(run(`${script}\nmkdir never`), `stage0: script:${message}\nexit 1`);
    assert.equal(existsSync(join(temp.path, "never")), false);
  };
  fails("\nfrob x", "2: frob: there is no such command");
  fails("mkdir", "1: mkdir: a word is missing");
  fails("copy a b c", "1: copy: there is a word too many: c");
  fails("write a 'b", "1: write: a quote has no end");
  fails("write a \\\n  $NOPE", "2: write: no such variable: NOPE");
  fails("mkdir script", "1: mkdir: script: it is there already");
  fails("copy nothing x", "1: copy: nothing: no such file or folder");
  fails("copy-tree script x", "1: copy-tree: script: not a folder");
  fails("copy-named script nothing x", "1: copy-named: the log names no file nothing");
  fails("run /bin/sh -c 'exit 3'", "1: run: /bin/sh: ended with exit code 3");
  fails("run /bin/sh -c 'kill -KILL $$'", "1: run: /bin/sh: ended by signal 9");
  fails(`write x ${"a ".repeat(600)}`, "1: write: more than 512 words");
});
