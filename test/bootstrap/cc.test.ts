/** The compiler driver: what it makes of the arguments of cc, cpp, as, ld and ar. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../support/cleave.ts";
import { compile, needsHostCompiler } from "../support/host-compiler.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Compile the driver with a compiler that prints its arguments, and give what calls it by a name. */
function driverIn(folder: string): (name: string, ...args: string[]) => string {
  mkdirSync(join(folder, "bin"));
  const program = join(folder, "bin/cc");
  compile(join(repository, "bootstrap/cc/cc.c"), program, [
    "-D_GNU_SOURCE",
    '-DZIG="/bin/echo"',
    '-DROOT="/cc"',
    '-DTARGET="x86_64-linux-musl"',
  ]);
  for (const name of ["gcc", "cpp", "as", "ld", "ar", "ranlib", "nm"])
    symlinkSync("cc", join(folder, "bin", name));
  return (name, ...args) => {
    const { status, stdout, stderr } = spawnSync(join(folder, "bin", name), args, { encoding: "utf8" });
    return `${stdout}${stderr}${status === 0 ? "" : `exit ${status}`}`.trimEnd();
  };
}

const clang = "clang --target=x86_64-linux-musl";
const start = `${clang} -nostdinc -fno-pie`;
const headers = "-isystem /cc/lib/clang/include -isystem /cc/include";
const library = "-Wl,--wrap=realloc,--wrap=reallocarray -lc";
const link = "-static -nostdlib --ld-path=/cc/bin/ld -Wl,--build-id=none -L/cc/lib";

test("cc compiles with the headers, and links with the libraries beside it", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = driverIn(temp.path);
  assert.equal(run("cc", "-c", "a.c"), `${start} -c a.c ${headers}`);
  assert.equal(
    run("gcc", "a.c", "-o", "a"),
    `${start} ${link} /cc/lib/crt1.o a.c -o a ${headers} ${library}`,
  );
  assert.equal(run("cc", "-nostdinc", "-E", "a.c"), `${start} -nostdinc -E a.c`);
  assert.equal(run("cc", "-nostdlib", "a.o"), `${start} ${link} -nostdlib a.o ${headers}`);
  assert.equal(run("cc", "-r", "a.o"), `${start} ${link} -r a.o ${headers}`);
  assert.equal(run("cc", "-nostartfiles", "a.o"), `${start} ${link} -nostartfiles a.o ${headers} ${library}`);
});

test("cc links nothing where there is nothing to link", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = driverIn(temp.path);
  for (const args of [["--version"], ["-dumpmachine"], ["-o", "a"]])
    assert.equal(run("cc", ...args), `${clang} ${args.join(" ")}`);
  assert.equal(run("cc", "-M", "a.c"), `${start} -M a.c ${headers}`);
});

test("the driver is every tool that it is called by", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = driverIn(temp.path);
  assert.equal(run("cpp", "a.c"), `${clang} -E -nostdinc -fno-pie a.c ${headers}`);
  assert.equal(run("cpp", "-P"), `${clang} -E -nostdinc -fno-pie -P - ${headers}`);
  assert.equal(run("as", "a.s", "-o", "a.o"), `${clang} -c -x assembler a.s -o a.o`);
  assert.equal(run("ld", "-r", "a.o"), "ld.lld -r a.o");
  assert.equal(run("ar", "rc", "a.a", "a.o"), "ar rc a.a a.o");
  assert.equal(run("ranlib", "a.a"), "ranlib a.a");
});

test("the driver refuses what it does not do", needsHostCompiler, () => {
  using temp = temporaryFolder();
  const run = driverIn(temp.path);
  assert.equal(
    run("cc", "-shared", "a.o"),
    "cc: -shared: this compiler makes static programs and archives only\nexit 1",
  );
  assert.equal(
    run("nm", "a.o"),
    "nm: this program is cc, cpp, as, ld, ar or ranlib, by the name it is called by\nexit 1",
  );
});
