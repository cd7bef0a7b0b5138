/** The commands over NARs, as a user meets them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeNar, type NarTree } from "../../src/nix/index.ts";
import { cleave, cleaveBytes, repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";
import { writeTree } from "../support/trees.ts";

const text = (contents: string, executable = false): NarTree => ({
  type: "regular",
  executable,
  contents: Buffer.from(contents),
});

const tree: NarTree = {
  type: "directory",
  entries: new Map<string, NarTree>([
    ["a b", text("with a space\n")],
    ["bin", { type: "directory", entries: new Map([["run", text("#!/bin/sh\n", true)]]) }],
    ["empty", { type: "directory", entries: new Map() }],
    ["link", { type: "symlink", target: "bin/run" }],
    ["new\nline", text("")],
    ["\udcff\udcfe", text("no UTF-8")],
  ]),
};

const nar = Buffer.concat([...encodeNar(tree)]);

/** Run a line of shell in a folder, `cleave` being ours; gives what came out as latin1. */
function shell(cwd: string, line: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", line], {
    cwd,
    encoding: "latin1",
    env: {
      PATH: `${repository}:${process.env["PATH"]}`,
      HOME: "/nonexistent",
      NODE_COMPILE_CACHE: "/dev/shm/cleave-test-compile-cache",
    },
  });
  return { code: status, stdout, stderr };
}

test("dump, restore, list, cat and hash print what Nix's commands print", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const path = join(temp.path, "tree");
  writeTree(path, tree);
  const file = join(temp.path, "tree.nar");

  const dumped = await cleaveBytes(["nar", "dump", path]);
  assert.deepEqual([dumped.code, dumped.stderr.toString()], [0, ""]);
  assert.ok(dumped.stdout.equals(nix.run("nix-store", ["--dump", path])));
  writeFileSync(file, dumped.stdout);

  const same: [ours: string[], theirs: string[]][] = [
    [
      ["nar", "list", file],
      ["nar", "ls", file, "/"],
    ],
    [
      ["nar", "list", "-l", "-R", file],
      ["nar", "ls", "-lR", file, "/"],
    ],
    [
      ["nar", "list", "-lR", "--", file, "/bin"],
      ["nar", "ls", "-lR", file, "/bin"],
    ],
    [
      ["nar", "list", "-d", file, "/bin"],
      ["nar", "ls", "-d", file, "/bin"],
    ],
    [
      ["nar", "list", "--json", "-R", file],
      ["nar", "ls", "--json", "-R", file, "/"],
    ],
    [
      ["nar", "cat", file, "/a b"],
      ["nar", "cat", file, "/a b"],
    ],
    ...[
      [],
      ["--type", "md5"],
      ["--base32"],
      ["--base16", "--type", "sha512"],
      ["--base64", "--type", "sha1"],
    ].map((flags): [string[], string[]] => [
      ["hash", "path", ...flags, path, join(path, "link"), join(path, "a b")],
      ["hash", "path", ...flags, path, join(path, "link"), join(path, "a b")],
    ]),
  ];
  for (const [ours, theirs] of same) {
    const { code, stdout, stderr } = await cleaveBytes(ours);
    assert.deepEqual([code, stderr.toString()], [0, ""]);
    assert.equal(stdout.toString("latin1"), nix.run("nix", theirs).toString("latin1"), ours.join(" "));
  }

  const restored = join(temp.path, "restored");
  assert.deepEqual(await cleave(["nar", "restore", restored], { input: dumped.stdout }), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.ok(nix.run("nix-store", ["--dump", restored]).equals(dumped.stdout));
});

test("modes of a restore are those of Nix, whatever the umask", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  writeFileSync(join(temp.path, "nar"), nar);
  for (const mask of ["077", "000", "027"]) {
    nix.run("sh", ["-c", `umask ${mask}; nix-store --restore theirs-${mask} < nar`]);
    assert.equal(shell(temp.path, `umask ${mask}; cleave nar restore ours-${mask} < nar`).stderr, "");
    const modes = (folder: string) =>
      shell(temp.path, `cd ${folder} && find . -printf '%m %P\\0' | sort -z`).stdout;
    assert.equal(modes(`ours-${mask}`), modes(`theirs-${mask}`));
  }
});

test("cleave nar hash says hash and size of a NAR, from a file or standard input", async () => {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "x.nar"), nar);
  writeTree(join(temp.path, "tree"), tree);
  const { stdout: hash } = await cleave(["hash", "path", "tree"], { cwd: temp.path });
  const line = `${hash.trim()} ${nar.length}\n`;
  const done = (stdout: string) => ({ code: 0, stdout, stderr: "" });
  assert.deepEqual(await cleave(["nar", "hash", "x.nar"], { cwd: temp.path }), done(line));
  assert.deepEqual(await cleave(["nar", "hash", "-"], { input: nar }), done(line));
  assert.deepEqual(
    await cleave(["nar", "hash", "--json", "-"], { input: nar }),
    done(`{"narHash":"${hash.trim()}","narSize":${nar.length}}\n`),
  );
});

test("bad input is named with its offset, and the exit code is 1", async () => {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "cut.nar"), nar.subarray(0, 1000));
  const failure = (message: string, place: string) => ({
    code: 1,
    stdout: "",
    stderr: `error[nar-malformed]: ${message}\n  at ${place}\n  more: cleave explain nar-malformed\n`,
  });
  assert.deepEqual(
    await cleave(["nar", "hash", "cut.nar"], { cwd: temp.path }),
    failure("the NAR is cut off: it lacks a target at /link", "cut.nar, offset 1000"),
  );
  assert.deepEqual(
    await cleave(["nar", "restore", "out"], {
      cwd: temp.path,
      input: Buffer.concat([nar, Buffer.from("x")]),
    }),
    failure("there are bytes after the end of the NAR", `"standard input", offset ${nar.length}`),
  );
  assert.deepEqual(readdirSync(temp.path), ["cut.nar"]);
});

test("a restore into a folder that is not there names its target", async () => {
  assert.deepEqual(await cleave(["nar", "restore", "no such/out"], { input: nar }), {
    code: 1,
    stdout: "",
    stderr:
      'error[file-failed]: cannot write the file: no such file or directory\n  at "no such/out"\n' +
      "  more: cleave explain file-failed\n",
  });
});

test("names that are not UTF-8 can be arguments", () => {
  using temp = temporaryFolder();
  writeTree(join(temp.path, "tree"), tree);
  assert.deepEqual(
    shell(
      temp.path,
      `cd tree; n=$(printf '\\377\\376'); cleave nar dump "$n" | cleave nar cat - /; cleave hash path "$n/no"`,
    ),
    {
      code: 1,
      stdout: "no UTF-8",
      stderr:
        'error[file-failed]: cannot read the file: not a directory\n  at "\\udcff\\udcfe/no"\n' +
        "  more: cleave explain file-failed\n",
    },
  );
});

test("wrong options say so", async () => {
  const { code, stderr } = await cleave(["hash", "path", "--base16", "--sri", "x"]);
  assert.deepEqual(
    [code, stderr],
    [
      2,
      "error[cli-usage]: a hash is printed in one format, not with both --base16 and --sri\n" +
        "  more: cleave explain cli-usage\n",
    ],
  );
  assert.deepEqual(await cleave(["nar", "list", "--json", "-l", "x"]), {
    code: 2,
    stdout: "",
    stderr: "error[cli-usage]: --json does not go with --long\n  more: cleave explain cli-usage\n",
  });
});

test("a dump that nobody reads ends quietly, and on a full disk with an error", (context) => {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "large"), Buffer.alloc(20_000_000));
  assert.deepEqual(shell(temp.path, "{ cleave nar dump large; echo $? >&2; } | head -c 1000 | wc -c"), {
    code: 0,
    stdout: "1000\n",
    stderr: "141\n",
  });
  if (!existsSync("/dev/full")) return context.skip("there is no /dev/full");
  assert.deepEqual(shell(temp.path, "cleave nar dump large > /dev/full"), {
    code: 1,
    stdout: "",
    stderr:
      'error[file-failed]: cannot write the results: no space left on device\n  at "standard output"\n' +
      "  more: cleave explain file-failed\n",
  });
});

test("a restore to a full disk leaves nothing", (context) => {
  using temp = temporaryFolder();
  const disk = join(temp.path, "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk]).status !== 0)
    return context.skip("only root can mount a small disk");
  try {
    writeFileSync(join(temp.path, "large"), Buffer.alloc(5_000_000));
    mkdirSync(join(temp.path, "tree"));
    writeFileSync(join(temp.path, "tree/large"), Buffer.alloc(5_000_000));
    for (const [source, file] of [
      ["large", ""],
      ["tree", "/large"],
    ] as const) {
      const { code, stderr } = shell(temp.path, `cleave nar dump ${source} | cleave nar restore disk/out`);
      assert.equal(code, 1);
      assert.equal(
        stderr,
        `error[file-failed]: cannot write the file: no space left on device\n  at disk/out${file}\n` +
          "  more: cleave explain file-failed\n",
      );
      assert.deepEqual(readdirSync(disk), []);
    }
  } finally {
    spawnSync("umount", [disk]);
  }
});

test("a restore that is interrupted leaves nothing; killed, it leaves the target alone", async () => {
  using temp = temporaryFolder();
  const big = Buffer.concat([...encodeNar(text("x".repeat(500_000)))]);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGKILL", null],
  ] as const) {
    const folder = join(temp.path, signal);
    mkdirSync(folder);
    const watcher = watch(folder);
    const made = once(watcher, "change");
    const child = spawn(join(repository, "cleave"), ["nar", "restore", join(folder, "out")], {
      stdio: ["pipe", "inherit", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" },
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.stdin.on("error", () => {});
    child.stdin.write(big.subarray(0, 300_000));
    await made;
    watcher.close();
    child.kill(signal);
    const [exitCode] = await once(child, "close");
    assert.deepEqual([exitCode, stderr], [code, ""]);
    const left = readdirSync(folder);
    if (signal !== "SIGKILL") assert.deepEqual(left, []);
    else assert.match(left.join(), /^\.cleave-restore-[0-9a-f]{16}$/);
    // The next one just works.
    assert.equal((await cleave(["nar", "restore", join(folder, "out")], { input: big })).stderr, "");
    assert.equal(readFileSync(join(folder, "out"), "utf8").length, 500_000);
  }
});
