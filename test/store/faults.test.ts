/** What the machine can do to a store: full disks, foreign owners, damaged files, hostile names. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { libcWith } from "../../src/base/libc.ts";
import {
  formatNamedHash,
  hashPath,
  makeFixedOutputPath,
  parseStorePath,
  type StorePath,
} from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { hasAttributes } from "../../src/store/libc.ts";
import { cleave, repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

const isSuperuser = process.geteuid?.() === 0;

/** Say what a user sees of the error that something ends in. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CleaveError) return describeError(error);
    throw error;
  }
  return "no error";
}

async function openAndClose(root: string): Promise<void> {
  await using _ = await openLocalStore({ root });
}

/** Mount a file system of 12 MiB, until the scope ends; only root can. */
function smallDisk(path: string): Disposable {
  mkdirSync(path);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", path]);
  return { [Symbol.dispose]: () => execFileSync("umount", [path]) };
}

test("a full disk is said so, and the store stays valid and can be collected", async (t) => {
  if (!isSuperuser) return t.skip("only root can mount a small file system");
  using temp = temporaryFolder();
  const root = join(temp.path, "small");
  using _ = smallDisk(root);
  const source = join(temp.path, "source");
  mkdirSync(source);
  for (let each = 0; each < 30; each += 1)
    writeFileSync(join(source, `${each}`), Buffer.alloc(200_000, each));
  const full =
    `error[store-no-space]: there is no space left for the store ${root}\n` +
    "  because: ENOSPC: no space left on device, write\n" +
    "  hint: cleave store gc frees what nothing refers to; it runs on a full disk too\n" +
    "  more: cleave explain store-no-space\n";
  {
    await using store = await openLocalStore({ root });
    const small = await store.addText({ name: "small", content: "x".repeat(100_000) });
    const before = readdirSync(join(root, "nix/store"));
    assert.equal(await refusal(store.addTree(source, { name: "large" })), full);
    assert.deepEqual(readdirSync(join(root, "nix/store")), before);
    assert.equal(await refusal(store.addText({ name: "text", content: "x".repeat(9_000_000) })), full);
    assert.deepEqual(await store.verify({ checkContents: true }), []);
    assert.deepEqual(await store.allPaths(), [small]);
  }
  // Not one block is left, and a collection works.
  spawnSync("dd", ["if=/dev/zero", `of=${root}/fill`, "bs=4k"], { stdio: "ignore" });
  const gc = await cleave(["store", "gc"], { env: { CLEAVE_ROOT: root } });
  assert.equal(gc.stdout, "1 store paths deleted, 0.10 MiB freed\n", gc.stderr);
  await using store = await openLocalStore({ root });
  assert.deepEqual(await store.verify({ checkContents: true }), []);
});

test("roots for which a full disk has no room are not taken for added, and no later one is lost", async (t) => {
  if (!isSuperuser) return t.skip("only root can mount a small file system");
  using temp = temporaryFolder();
  const root = join(temp.path, "small");
  using _ = smallDisk(root);
  await using store = await openLocalStore({ root });
  const path = (at: number) => parseStorePath(`/nix/store/${`${at}`.padStart(32, "0")}-root`);
  const many = Array.from({ length: 1000 }, (_, at) => path(at + 1));
  await store.addTemporaryRoots([path(0)]);
  // What is left is the rest of one block.
  spawnSync("dd", ["if=/dev/zero", `of=${root}/fill`, "bs=4k"], { stdio: "ignore" });
  assert.match(await refusal(store.addTemporaryRoots(many)), /^error\[store-no-space\]: /);
  rmSync(join(root, "fill"));
  await store.addTemporaryRoots([path(1001)]);
  assert.deepEqual([...(await store.findRoots()).keys()], [path(0), path(1001)]);
  await store.addTemporaryRoots(many);
  assert.equal((await store.findRoots()).size, 1002);
});

test("an access control list that a store's folder gives on stays with nothing that is added", async (t) => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  await openAndClose(root);
  // Version 2: the owner, the user 1000, the group, the mask and all others may do anything.
  const entries = [0x01, 0x02, 0x04, 0x10, 0x20].map((tag) => {
    const entry = Buffer.alloc(8);
    entry.writeUInt16LE(tag);
    entry.writeUInt16LE(7, 2);
    entry.writeInt32LE(tag === 0x02 ? 1000 : -1, 4);
    return entry;
  });
  const list = Buffer.concat([Buffer.of(2, 0, 0, 0), ...entries]);
  const { setxattr } = libcWith({
    setxattr: { arguments: ["buffer", "buffer", "buffer", "u64", "i32"], return: "i32" },
  })();
  const name = Buffer.from("system.posix_acl_default\0");
  if (setxattr(Buffer.from(`${root}/nix/store\0`), name, list, BigInt(list.length), 0) !== 0)
    return t.skip("the file system has no access control lists");
  const source = join(temp.path, "source");
  mkdirSync(source);
  writeFileSync(join(source, "file"), "content");
  await using store = await openLocalStore({ root });
  for (const path of [
    await store.addText({ name: "text", content: "content" }),
    await store.addTree(join(source, "file"), { name: "flat", method: "flat" }),
    await store.addTree(join(source, "file"), { name: "file" }),
    await store.addTree(source, { name: "tree" }),
  ]) {
    const place = store.realPath(path);
    const { mode } = statSync(place);
    assert.ok([0o100444, 0o040555].includes(mode), mode.toString(8));
    assert.ok(!hasAttributes(place), path);
  }
});

test("a store that may not be written", async (t) => {
  if (!isSuperuser) return t.skip("only root can mount a read-only file system");
  using temp = temporaryFolder();
  const root = join(temp.path, "sealed");
  mkdirSync(root);
  execFileSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", root]);
  try {
    assert.equal(
      await refusal(openAndClose(root)),
      `error[store-not-writable]: the store ${root} cannot be written\n` +
        `  because: EROFS: read-only file system, mkdir '${root}/nix'\n` +
        "  hint: set CLEAVE_ROOT to a folder that you may write; reading a store takes locks in it too\n" +
        "  more: cleave explain store-not-writable\n",
    );
  } finally {
    execFileSync("umount", [root]);
  }
});

test("an ordinary user has a store, and none of root's", async (t) => {
  if (!isSuperuser) return t.skip("only root can become somebody else");
  using temp = temporaryFolder();
  chmodSync(temp.path, 0o755);
  const foreign = join(temp.path, "foreign");
  await openAndClose(foreign);
  const home = join(temp.path, "home");
  mkdirSync(home);
  execFileSync("chown", ["nobody", home]);
  const source = join(temp.path, "source");
  mkdirSync(join(source, "sub"), { recursive: true });
  writeFileSync(join(source, "sub/file"), "content");
  const node = process.execPath;
  const as = (rootFolder: string, ...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      "setpriv",
      [
        "--reuid=nobody",
        "--clear-groups",
        node,
        "--conditions=cleave-source",
        join(repository, "src/cli/main.ts"),
        "store",
        ...args,
      ],
      { cwd: "/", env: { CLEAVE_ROOT: rootFolder, PATH: "/usr/bin:/bin" }, encoding: "utf8" },
    );
    return { status, stdout, stderr };
  };
  if (as(home, "root").status !== 0) return t.skip("an ordinary user cannot read this checkout");
  assert.equal(
    as(foreign, "verify").stderr.split("\n")[0],
    `error[store-not-writable]: the store ${foreign} cannot be written`,
  );
  const added = as(home, "add", source);
  assert.deepEqual([added.status, added.stderr], [0, ""]);
  const path = added.stdout.trim();
  assert.equal(statSync(join(home, path)).mode & 0o777, 0o555);
  assert.equal(as(home, "verify", "--check-contents").status, 0);
  // Read-only folders are no hindrance.
  assert.equal(as(home, "gc").stdout, "1 store paths deleted, 0.00 MiB freed\n");
  assert.ok(!existsSync(join(home, path)));
});

test("what is no store is not made one", async () => {
  using temp = temporaryFolder();
  const file = join(temp.path, "file");
  writeFileSync(file, "");
  assert.equal(
    await refusal(openAndClose(file)),
    `error[store-damaged]: ${file} cannot be a store: ${file}/nix/store/.links or what it lies in is no folder\n` +
      `  because: ENOTDIR: not a directory, mkdir '${file}/nix/store/.links'\n` +
      "  hint: set CLEAVE_ROOT to another folder, or move away what is there\n" +
      "  more: cleave explain store-damaged\n",
  );
  const made = join(temp.path, "made");
  await openAndClose(made);
  const damaged = async (name: string, content: string) => {
    const root = join(temp.path, "damaged");
    rmSync(root, { recursive: true, force: true });
    cpSync(made, root, { recursive: true });
    writeFileSync(join(root, "nix/var/nix/db", name), content);
    return (await refusal(openAndClose(root))).replaceAll(root, "ROOT");
  };
  assert.equal(
    await damaged("schema", "11"),
    "error[store-version]: the store ROOT has schema 11, and cleave works with schema 10\n" +
      "  hint: a newer Nix has written it; use a newer cleave, or another store\n" +
      "  more: cleave explain store-version\n",
  );
  assert.equal(
    await damaged("schema", "7\n"),
    "error[store-version]: the store ROOT has schema 7, and cleave works with schema 10\n" +
      "  hint: any command of a current Nix brings it up to date\n" +
      "  more: cleave explain store-version\n",
  );
  assert.equal(
    await damaged("schema", "ten"),
    "error[store-damaged]: the version of the store is ten, which is no number\n" +
      "  at ROOT/nix/var/nix/db/schema\n" +
      "  hint: Nix writes 10 there\n" +
      "  more: cleave explain store-damaged\n",
  );
  assert.equal(
    await damaged("db.sqlite", "this is no database".repeat(100)),
    "error[store-damaged]: the database of the store ROOT cannot be read: file is not a database\n" +
      "  because: file is not a database\n" +
      "  hint: if there is a backup of nix/var/nix/db, put it back; else move the store away and start with an empty one\n" +
      "  more: cleave explain store-damaged\n",
  );
  // Killed before the version was written, a store is made to its end by the next that opens it.
  assert.equal(await damaged("schema", ""), "no error");
});

test("a database that another process keeps locked", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  await using store = await openLocalStore({ root, patience: 150 });
  const other = new DatabaseSync(join(root, "nix/var/nix/db/db.sqlite"));
  other.exec("begin immediate");
  assert.equal(
    await refusal(store.addText({ name: "a", content: "" })),
    `error[store-busy]: the database of the store ${root} is locked by another process, for longer than cleave waits\n` +
      "  because: database is locked\n" +
      "  hint: look for a process that hangs in the store, such as sqlite3 with an open transaction\n" +
      "  more: cleave explain store-busy\n",
  );
  // Readers do not wait for writers.
  assert.deepEqual(await store.allPaths(), []);
  const adding = store.addText({ name: "a", content: "" });
  other.exec("commit");
  const path = await adding;
  assert.ok(await store.info(path));
  other.close();
});

test("verify reads hashes in any form, and goes on after one that is none", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  await using store = await openLocalStore({ root });
  const [a, b, c] = await store.addTexts(["a", "b", "c"].map((content) => ({ name: "text", content })));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  const other = new DatabaseSync(join(root, "nix/var/nix/db/db.sqlite"));
  const write = (hash: string, path: string) =>
    other.prepare("update ValidPaths set hash = ? where path = ?").run(hash, path);
  const info = await store.info(a);
  assert.ok(info !== undefined);
  write(formatNamedHash(info.narHash, "nix32"), a);
  assert.deepEqual(await store.verify({ checkContents: true }), []);
  write("sha256:short", b);
  chmodSync(store.realPath(c), 0o644);
  writeFileSync(store.realPath(c), "changed");
  const faults = await store.verify({ checkContents: true });
  assert.deepEqual(
    faults.map(({ message }) => message.replace(/!.*|: .*/, "")),
    [b, c].sort().map((path) => `path '${path}' ${path === b ? "cannot be read" : "was modified"}`),
  );
  other.close();
});

test("verify finds what is damaged among many paths, by as many threads as there are", async () => {
  using temp = temporaryFolder();
  await using store = await openLocalStore({ root: join(temp.path, "store") });
  const paths = await store.addTexts(
    Array.from({ length: 6000 }, (_, at) => ({ name: "text", content: `${at}` })),
  );
  const damaged = paths.filter((_, at) => at % 1000 === 500).sort();
  for (const [at, path] of damaged.entries()) {
    const file = store.realPath(path);
    chmodSync(file, 0o644);
    if (at % 2 === 0) writeFileSync(file, "changed");
    else {
      rmSync(file);
      execFileSync("mkfifo", [file]);
    }
  }
  const faults = await store.verify({ checkContents: true });
  assert.deepEqual(
    faults.map(({ message }) => message.replace(/!.*|: .*/, "")),
    damaged.map((path, at) => `path '${path}' ${at % 2 === 0 ? "was modified" : "cannot be read"}`),
  );
});

test("trees with names that are no UTF-8, deeper than paths can be, come in, are verified and go", async () => {
  using temp = temporaryFolder();
  const warnings: string[] = [];
  await using store = await openLocalStore({
    root: join(temp.path, "store"),
    emit: (event) => {
      if (event.type === "warning") warnings.push(event.message);
    },
  });
  const tree = join(temp.path, "tree");
  mkdirSync(tree);
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0xe9, 0x0a, 0x22)]), "odd");
  execFileSync("python3", [
    "-c",
    `import os\nos.chdir(${JSON.stringify(tree)})\nfor i in range(60):\n  os.mkdir("d" * 100)\n  os.chdir("d" * 100)\nopen("end", "w").close()`,
  ]);
  const path = await store.addTree(tree, { name: "tree" });
  assert.equal(await store.addTree(tree, { name: "tree" }), path);
  await store.optimise();
  assert.deepEqual(warnings, [`${path} has folders deeper than a path can be; they stay as they are`]);
  assert.deepEqual(await store.verify({ checkContents: true }), []);
  await store[Symbol.asyncDispose]();
  await using again = await openLocalStore({ root: join(temp.path, "store") });
  assert.deepEqual((await again.collect()).paths, [path]);
  assert.deepEqual(readdirSync(join(temp.path, "store/nix/store")), [".links"]);
});

test("a root whose path is too long for a socket's address is collected, too", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "long".repeat(40));
  const path = await (async () => {
    await using store = await openLocalStore({ root });
    return await store.addText({ name: "a", content: "" });
  })();
  await using store = await openLocalStore({ root });
  assert.deepEqual((await store.collect()).paths, [path]);
});

test("roots: what is in the way of a link", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  await using store = await openLocalStore({ root });
  const a = await store.addText({ name: "a", content: "" });
  const link = join(temp.path, "folder/result");
  await store.addRoot(link, a);
  await store.addRoot(link, a);
  mkdirSync(join(temp.path, "taken"));
  assert.equal(
    await refusal(store.addRoot(join(temp.path, "taken"), a)),
    `error[store-root-occupied]: ${temp.path}/taken cannot become a link to ${a}: something else is there\n` +
      "  hint: move it away, or choose another name for the link\n" +
      "  more: cleave explain store-root-occupied\n",
  );
  symlinkSync("/etc", join(temp.path, "elsewhere"));
  assert.match(await refusal(store.addRoot(join(temp.path, "elsewhere"), a)), /store-root-occupied/);
  assert.deepEqual(
    [...((await store.findRoots()).get(a) ?? [])].sort(),
    [link, `{temp:${process.pid}}`].sort(),
  );
});

test("what an earlier attempt left in the place of a path is replaced", async () => {
  using temp = temporaryFolder();
  const source = join(temp.path, "tree");
  mkdirSync(join(source, "sub"), { recursive: true });
  writeFileSync(join(source, "sub/file"), "content");
  const root = join(temp.path, "store");
  await using store = await openLocalStore({ root });
  await using other = await openLocalStore({ root: join(temp.path, "other") });
  const text = await other.addText({ name: "text", content: "content" });
  const tree = await other.addTree(source, { name: "tree" });
  const litter = (path: StorePath) => {
    mkdirSync(join(store.realPath(path), "half/made"), { recursive: true });
    chmodSync(store.realPath(path), 0o555);
  };
  litter(text);
  assert.equal(await store.addText({ name: "text", content: "content" }), text);
  litter(tree);
  // Once in one pass, and once hashed first, since the name is there.
  assert.equal(await store.addTree(source, { name: "tree" }), tree);
  await store[Symbol.asyncDispose]();
  await using again = await openLocalStore({ root });
  await again.collect();
  await again.addText({ name: "tree", content: "" });
  litter(tree);
  assert.equal(await again.addTree(source, { name: "tree" }), tree);
  await again.collect();
  litter(text);
  for await (const path of again.importPaths(other.exportPaths([text]))) assert.equal(path, text);
  assert.deepEqual(await again.verify({ checkContents: true }), []);
});

test("outputs that refer to each other are refused, all of them", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  await using store = await openLocalStore({ root });
  const text = await store.requireInfo(await store.addText({ name: "a", content: "" }));
  const path = (digit: string, name: string) => parseStorePath(`/nix/store/${digit.repeat(32)}-${name}`);
  const [a, b] = [path("1", "lib"), path("2", "doc")];
  const facts = { narHash: text.narHash, narSize: text.narSize };
  assert.equal(
    await refusal(
      store.register([
        { ...facts, path: a, references: [b] },
        { ...facts, path: b, references: [a] },
      ]),
    ),
    `error[store-cycle]: ${a} and ${b} refer to each other, directly or through others\n` +
      "  hint: move what both need into one output\n" +
      "  more: cleave explain store-cycle\n",
  );
  assert.deepEqual(await store.allPaths(), [text.path]);
});

test("a source that changes between two looks at it is not taken", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  const source = join(temp.path, "source");
  await using store = await openLocalStore({ root });
  // The name is there, so the tree is hashed first; it is large enough to be read again for the copy.
  await store.addText({ name: "source", content: "" });
  writeFileSync(source, Buffer.alloc(20 * 2 ** 20));
  const path = makeFixedOutputPath("source", "recursive", (await hashPath(source)).hash);
  const locks = await store.lockPaths([path]);
  const adding = refusal(store.addTree(source, { name: "source" }));
  while (!readFileSync(join(root, `nix/var/nix/temproots/${process.pid}`), "latin1").includes(path))
    await sleep(2);
  writeFileSync(source, Buffer.alloc(20 * 2 ** 20, 1));
  locks?.release();
  assert.equal(
    await adding,
    "error[nar-file-changed]: the file or something in it changed while it was added\n" +
      `  at ${source}\n` +
      "  hint: try again when nothing writes to it\n" +
      "  more: cleave explain nar-file-changed\n",
  );
  assert.deepEqual((await store.allPaths()).length, 1);
  assert.ok(!existsSync(store.realPath(path)));
});

test("cleave explains all of the store's errors", async () => {
  const { stdout } = await cleave(["explain"]);
  assert.equal(stdout.split("\n").filter((line) => line.startsWith("store-")).length, 15);
});
