/** NARs of paths on disk and back, with real Nix as the referee. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, describeError, encodeText } from "../../../src/base/index.ts";
import {
  dumpPath,
  encodeNar,
  formatHash,
  hashBytes,
  hashPath,
  listNar,
  type NarTree,
  readNarFile,
  removeTree,
  restorePath,
} from "../../../src/nix/index.ts";
import { mutatedNars } from "../../support/mutated-nars.ts";
import { needsNix, nixIn } from "../../support/nix.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { folderOf, narTrees, writeTree } from "../../support/trees.ts";

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

async function textOf(chunks: AsyncIterable<string>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(encodeText(chunk));
  return Buffer.concat(all);
}

async function* chunked(bytes: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

const encode = (tree: NarTree): Buffer => Buffer.concat([...encodeNar(tree)]);

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof CleaveError, String(error));
    return describeError(error);
  }
  return "no error";
}

/** How many files this process has open. */
const openFiles = () => readdirSync("/proc/self/fd").length;

test("random trees: dump, hash, listing and restore are those of Nix", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  for (const [round, trees] of fc.sample(fc.array(narTrees, { minLength: 12, maxLength: 12 }), 8).entries()) {
    const tree = folderOf(trees);
    const path = join(temp.path, `tree-${round}`);
    writeTree(path, tree);
    const nar = nix.run("nix-store", ["--dump", path]);
    assert.ok(nar.equals(encode(tree)), "encodeNar");
    assert.ok(nar.equals(await bytesOf(dumpPath(path))), "dumpPath");
    assert.ok(nar.equals(await bytesOf(dumpPath(path, { threads: "always" }))), "dumpPath, ahead");

    const each = trees.map((_, index) => join(path, `${index}`));
    const hashes = nix.run("nix", ["hash", "path", path, ...each]).toString();
    let ours = "";
    for (const one of [path, ...each]) {
      const { hash } = await hashPath(one);
      ours += `${formatHash(hash, "sri")}\n`;
    }
    assert.equal(ours, hashes);

    const file = join(temp.path, `${round}.nar`);
    writeFileSync(file, nar);
    for (const [flags, options] of [
      // Nix 2.8 takes each line for a format, and fails where a name has a % in it.
      ...(nar.includes("%") ? [] : ([[["-lR"], { long: true, recursive: true }]] as const)),
      [["--json", "-R"], { json: true, recursive: true }],
    ] as const) {
      const listing = nix.run("nix", ["nar", "ls", ...flags, file, "/"]);
      assert.equal(
        (await textOf(listNar(chunked(nar, 1000), options))).toString("latin1"),
        listing.toString("latin1"),
      );
    }

    const restored = join(temp.path, `restored-${round}`);
    assert.equal(await restorePath(restored, chunked(nar)), nar.length);
    assert.ok(nix.run("nix-store", ["--dump", restored]).equals(nar), "restorePath");
    assert.deepEqual(modesOf(restored), modesOf(path));
  }
});

/** List the types and permissions of a tree made with the modes of Nix. */
function modesOf(path: string): string {
  return execFileSync("find", [path, "-printf", "%y %m %P\\0"], {
    env: { LC_ALL: "C", PATH: process.env["PATH"] },
  })
    .toString("latin1")
    .split("\0")
    .sort()
    .join("\n");
}

test("listings of parts and files are those of Nix", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const text = (contents: string, executable = false): NarTree => ({
    type: "regular",
    executable,
    contents: Buffer.from(contents),
  });
  const folder = (entries: Record<string, NarTree>): NarTree => ({
    type: "directory",
    entries: new Map(Object.entries(entries)),
  });
  const trees = {
    folder: folder({
      bin: folder({ run: text("#!\n", true), deeper: folder({ x: text("") }) }),
      'odd\n"\\\t\b\u007fé': text("odd"),
      "\udcff\udc80": text("no UTF-8"),
      link: { type: "symlink", target: 'to\n"' },
    }),
    file: text("hello"),
    link: { type: "symlink", target: "there" } satisfies NarTree,
  };
  const cases: [keyof typeof trees, string, string[]][] = [
    ["folder", "/", []],
    ["folder", "/", ["-l"]],
    ["folder", "/", ["-ld"]],
    ["folder", "/", ["-Rd"]],
    ["folder", "/", ["--json"]],
    ["folder", "/bin", ["-lR"]],
    ["folder", "/bin", ["--json"]],
    ["folder", "/bin/run", ["-lR"]],
    ["folder", "/bin/run", ["--json", "-R"]],
    ["folder", "/link", ["-ld"]],
    ["file", "/", ["-l"]],
    ["link", "", ["-l"]],
  ];
  for (const [name, tree] of Object.entries(trees)) writeFileSync(join(temp.path, name), encode(tree));
  for (const [name, path, flags] of cases) {
    const given = flags.join("");
    const options = {
      path,
      recursive: given.includes("R"),
      long: given.includes("l"),
      directory: /-[a-zR]*d/.test(given),
      json: given.includes("json"),
    };
    assert.equal(
      (await textOf(listNar(chunked(encode(trees[name])), options))).toString("latin1"),
      nix.run("nix", ["nar", "ls", ...flags, join(temp.path, name), path]).toString("latin1"),
      `${name} ${path} ${given}`,
    );
  }
  const nar = encode(trees.folder);
  assert.equal((await bytesOf(readNarFile(chunked(nar, 7), "/bin/run"))).toString(), "#!\n");
  assert.equal(
    await refusal(() => bytesOf(readNarFile(chunked(nar), "/bin"))),
    "error[nar-no-such-path]: /bin is a folder in the NAR, not a file\n  more: cleave explain nar-no-such-path\n",
  );
  for (const path of ["/no", "/bin/", "//", "/bin/run/x", "/link/x"])
    assert.equal(
      await refusal(() => textOf(listNar(chunked(nar), { path }))),
      `error[nar-no-such-path]: the NAR has no ${path}\n  more: cleave explain nar-no-such-path\n`,
    );
});

test("a thread that reads ahead gives the same bytes, errors included, and leaves nothing open", async () => {
  using temp = temporaryFolder();
  const path = join(temp.path, "tree");
  mkdirSync(path);
  for (let at = 0; at < 700; at += 1) writeFileSync(join(path, `file-${at}`), "x".repeat(at * 7));
  writeFileSync(join(path, "large"), Buffer.alloc(9_000_000, 1));
  const before = openFiles();
  const expected = await bytesOf(dumpPath(path, { threads: "never" }));
  assert.ok(expected.equals(await bytesOf(dumpPath(path))));
  assert.ok(expected.equals(await bytesOf(dumpPath(path, { threads: "always" }))));
  for await (const _ of dumpPath(path, { threads: "always" })) break;
  execFileSync("mkfifo", [join(path, "zz")]);
  const text = await refusal(() => bytesOf(dumpPath(path, { threads: "always" })));
  assert.equal(
    text,
    `error[nar-unsupported-file]: the file is neither a regular file nor a folder nor a symlink\n  at ${path}/zz\n` +
      "  hint: sockets, pipes and devices cannot be in the store; take it out of the tree\n" +
      "  more: cleave explain nar-unsupported-file\n",
  );
  assert.equal(text, await refusal(() => bytesOf(dumpPath(path, { threads: "never" }))));
  // The threads end by themselves once nobody reads.
  for (let turn = 0; openFiles() > before && turn < 80; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(openFiles(), before);
});

test("a dump can be left at any block, with others beside it, and closes the file that it reads", async () => {
  using temp = temporaryFolder();
  const path = join(temp.path, "tree");
  mkdirSync(path);
  for (const name of ["a", "b", "c"]) writeFileSync(join(path, name), Buffer.alloc(1_700_000, name));
  const before = openFiles();
  const expected = await bytesOf(dumpPath(path, { threads: "never" }));
  const takeSome = async (blocks: number) => {
    let at = 0;
    let taken = 0;
    for await (const block of dumpPath(path, { threads: "never" })) {
      assert.ok(expected.subarray(at, at + block.length).equals(block), `block ${taken} of ${blocks}`);
      at += block.length;
      taken += 1;
      if (taken === blocks) return 0;
    }
    return at;
  };
  const ends = await Promise.all([1, 2, 3, 4, 5, 6, 7, Infinity, Infinity].map(takeSome));
  assert.deepEqual(ends.slice(-3), [0, expected.length, expected.length]);
  // A file that is being read is closed when the read is done.
  for (let turn = 0; openFiles() > before && turn < 80; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(openFiles(), before);
});

test("two threads share folder after folder and put all in order", async () => {
  using temp = temporaryFolder();
  const path = join(temp.path, "tree");
  // Too few folders at the top to share them, many entries in each: every one is shared by itself.
  for (const top of ["a", "b", "c"])
    for (let at = 0; at < 300; at += 1) {
      const folder = join(path, top, at % 5 === 0 ? `folder-${at}` : ".");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `file-${at}`), top.repeat((at * at) % 40_000));
    }
  writeFileSync(join(path, "c", "large"), Buffer.alloc(5_000_000, 1));
  const expected = await bytesOf(dumpPath(path, { threads: "never" }));
  for (let turn = 0; turn < 8; turn += 1) {
    let at = 0;
    for await (const block of dumpPath(path, { threads: turn < 2 ? "auto" : "always" })) {
      assert.ok(expected.subarray(at, at + block.length).equals(block), `turn ${turn}, offset ${at}`);
      at += block.length;
      // A reader that is now quick, now slow, so that each side waits for the other.
      if (turn % 4 === 3) await new Promise((resolve) => setTimeout(resolve, turn % 3));
    }
    assert.equal(at, expected.length);
  }
});

test("a tree whose last folder has most of it, over and over, is shared and stays in order", async () => {
  using temp = temporaryFolder();
  const path = join(temp.path, "tree");
  let folder = path;
  for (let level = 0; level < 12; level += 1) {
    for (const name of ["a", "b", "c", "d"]) {
      mkdirSync(join(folder, name), { recursive: true });
      for (let at = 0; at < 40; at += 1)
        writeFileSync(join(folder, name, `${at}`), `${level}${name}`.repeat(at * 400));
    }
    folder = join(folder, "e");
  }
  mkdirSync(folder);
  for (let at = 0; at < 200; at += 1) writeFileSync(join(folder, `${at}`), `${at}`.repeat(10_000));
  const expected = await bytesOf(dumpPath(path, { threads: "never" }));
  for (let turn = 0; turn < 6; turn += 1)
    assert.ok(expected.equals(await bytesOf(dumpPath(path, { threads: turn < 2 ? "auto" : "always" }))));
});

test("sockets, pipes and devices are refused", async () => {
  using temp = temporaryFolder();
  const server = createServer().listen(join(temp.path, "socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  for (const path of [join(temp.path, "socket"), "/dev/null"])
    assert.match(await refusal(() => hashPath(path)), /^error\[nar-unsupported-file\]: .*\n {2}at /);
  server.close();
});

test("what is not there, and what may not be read, says so", async () => {
  using temp = temporaryFolder();
  assert.equal(
    await refusal(() => hashPath(`${temp.path}/no such`)),
    `error[file-failed]: cannot read the file: no such file or directory\n  at "${temp.path}/no such"\n` +
      "  more: cleave explain file-failed\n",
  );
});

test("a file that grows or shrinks while it is read is noticed", async () => {
  using temp = temporaryFolder();
  const changes: [string, (file: string) => void, RegExp][] = [
    ["shorter", (file) => truncateSync(file, 1_500_000), /it became shorter\n {2}at .*\/b\n/],
    ["longer", (file) => appendFileSync(file, "x"), /it was written to\n {2}at .*\/b\n/],
    [
      "gone",
      (file) => execFileSync("rm", [join(file, "../c")]),
      /it is gone, or is another kind of file\n {2}at .*\/c\n/,
    ],
    [
      "replaced",
      (file) => {
        execFileSync("rm", [join(file, "../c")]);
        symlinkSync("b", join(file, "../c"));
      },
      /it is gone, or is another kind of file\n {2}at .*\/c\n/,
    ],
  ];
  for (const [name, change, expected] of changes) {
    const path = join(temp.path, name);
    mkdirSync(path);
    writeFileSync(join(path, "b"), Buffer.alloc(2_000_000));
    writeFileSync(join(path, "c"), "c");
    let blocks = 0;
    const text = await refusal(async () => {
      for await (const _ of dumpPath(path)) {
        if (blocks === 0) change(join(path, "b"));
        blocks += 1;
      }
    });
    assert.match(text, /^error\[nar-file-changed\]: the file changed while it was read: /);
    assert.match(text, expected);
  }
});

/** A NAR of folders in each other, all of one name, with a file at the bottom. */
function nested(depth: number, name: string): Buffer {
  let tree: NarTree = { type: "regular", executable: true, contents: Buffer.from("bottom") };
  for (let at = 0; at < depth; at += 1) tree = { type: "directory", entries: new Map([[name, tree]]) };
  return encode(tree);
}

test("10,000 folders in each other, far beyond PATH_MAX, are restored, dumped and taken away", async () => {
  using temp = temporaryFolder();
  for (const nar of [nested(10_000, "d"), nested(300, "n".repeat(255))]) {
    const path = join(temp.path, "deep");
    const before = openFiles();
    await restorePath(path, chunked(nar));
    assert.ok(nar.equals(await bytesOf(dumpPath(path))), "dumpPath");
    assert.ok(nar.equals(await bytesOf(dumpPath(path, { threads: "always" }))), "dumpPath, ahead");
    // A failure deep down takes all away again.
    await assert.rejects(restorePath(`${path}2`, chunked(nar.subarray(0, -200))), { code: "nar-malformed" });
    removeTree(path);
    assert.deepEqual(readdirSync(temp.path), []);
    assert.equal(openFiles(), before);
  }
});

test("a restore refuses what exists, and leaves it and everything beside it alone", async () => {
  using temp = temporaryFolder();
  const nar = encode(folderOf([{ type: "regular", executable: false, contents: Buffer.from("new") }]));
  const make: Record<string, (path: string) => void> = {
    "a file": (path) => writeFileSync(path, "old"),
    "an empty folder": (path) => mkdirSync(path),
    "a symlink": (path) => symlinkSync("elsewhere", path),
  };
  for (const [name, each] of Object.entries(make)) {
    const path = join(temp.path, name);
    each(path);
    const before = execFileSync("ls", ["-AlR", temp.path]).toString();
    for (const target of [path, `${path}//`])
      assert.equal(
        await refusal(() => restorePath(target, chunked(nar))),
        `error[nar-target-exists]: there is something where the tree is to be restored\n  at "${target}"\n` +
          "  hint: name a path that does not exist, or move away what is there\n  more: cleave explain nar-target-exists\n",
      );
    assert.equal(execFileSync("ls", ["-AlR", temp.path]).toString(), before);
  }
  // Made while the NAR is read: a file in the way of a folder, of a file, of a symlink.
  const roots: NarTree[] = [
    folderOf([]),
    { type: "regular", executable: false, contents: Buffer.alloc(0) },
    { type: "symlink", target: "x" },
  ];
  for (const [index, root] of roots.entries()) {
    const path = join(temp.path, `late-${index}`);
    const late = async function* () {
      yield* chunked(encode(root));
      writeFileSync(path, "late");
    };
    assert.match(await refusal(() => restorePath(path, late())), /^error\[nar-target-exists\]/);
    assert.equal(readFileSync(path, "utf8"), "late");
  }
  assert.deepEqual(
    readdirSync(temp.path).filter((name) => name.startsWith(".")),
    [],
  );
});

test("a restore that fails anywhere leaves nothing behind", async () => {
  using temp = temporaryFolder();
  const tree: NarTree = folderOf([
    { type: "directory", entries: new Map([["x", { type: "symlink", target: "/etc" }]]) },
    { type: "regular", executable: true, contents: Buffer.alloc(3000) },
    { type: "symlink", target: ".." },
  ]);
  const nar = encode(tree);
  for (let length = 0; length < nar.length; length += 40) {
    const path = join(temp.path, "out");
    await assert.rejects(restorePath(path, chunked(nar.subarray(0, length), 100)), { code: "nar-malformed" });
    assert.deepEqual(readdirSync(temp.path), []);
  }
  const controller = new AbortController();
  const stopped = async function* () {
    yield nar.subarray(0, 500);
    controller.abort();
    yield nar.subarray(500);
  };
  await assert.rejects(restorePath(join(temp.path, "out"), stopped(), { signal: controller.signal }), {
    name: "AbortError",
  });
  assert.deepEqual(readdirSync(temp.path), []);
});

test("fuzz: a mutated NAR is restored whole or not at all, and nothing beside it", async () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "a/b/c");
  mkdirSync(folder, { recursive: true });
  const target = join(folder, "out");
  await fc.assert(
    fc.asyncProperty(mutatedNars, async (bytes) => {
      let whole = true;
      try {
        await restorePath(target, chunked(bytes, 100));
      } catch (error) {
        assert.ok(error instanceof CleaveError, String(error));
        whole = false;
      }
      if (whole) assert.ok(bytes.equals(await bytesOf(dumpPath(target))));
      removeTree(target);
      assert.deepEqual(readdirSync(temp.path, { recursive: true }), ["a", "a/b", "a/b/c"]);
    }),
    { numRuns: 300 },
  );
});

test("a restore never writes through a symlink that it made", async () => {
  using temp = temporaryFolder();
  const victim = join(temp.path, "victim");
  mkdirSync(victim);
  // The same name as a symlink and then as a folder, which is what it would take.
  const link = encode({ type: "directory", entries: new Map([["a", { type: "symlink", target: victim }]]) });
  const folder = encode({
    type: "directory",
    entries: new Map([
      ["a", { type: "directory", entries: new Map([["evil", { type: "symlink", target: "x" }]]) }],
    ]),
  });
  const head = 24 + 16 + 16 + 24;
  const evil = Buffer.concat([link.subarray(0, -16), folder.subarray(head)]);
  assert.match(
    await refusal(() => restorePath(join(temp.path, "out"), chunked(evil))),
    /^error\[nar-malformed\]: the folder \/ has the entry a twice\n {2}at offset \d+\n/,
  );
  assert.deepEqual(readdirSync(victim), []);
  assert.deepEqual(readdirSync(temp.path), ["victim"]);
});

test("names that differ only in case, and links to anywhere, are restored as they are", async () => {
  using temp = temporaryFolder();
  const path = join(temp.path, "out");
  const file = (text: string): NarTree => ({
    type: "regular",
    executable: false,
    contents: Buffer.from(text),
  });
  const tree: NarTree = {
    type: "directory",
    entries: new Map<string, NarTree>([
      ["A", file("upper")],
      ["a", file("lower")],
      ["loop", { type: "symlink", target: "loop" }],
    ]),
  };
  await restorePath(path, chunked(encode(tree)));
  assert.equal(readFileSync(join(path, "A"), "utf8"), "upper");
  assert.equal(readFileSync(join(path, "a"), "utf8"), "lower");
  assert.equal(readlinkSync(join(path, "loop")), "loop");
  assert.equal(existsSync(join(path, "loop")), false);
  assert.ok(lstatSync(join(path, "loop")).isSymbolicLink());
  assert.equal(
    formatHash((await hashPath(path)).hash, "sri"),
    formatHash(hashBytes("sha256", encode(tree)), "sri"),
  );
});
