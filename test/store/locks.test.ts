/** Every lock of a store, held from one side and watched from the other. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseStorePath, type StorePath } from "../../src/nix/index.ts";
import { receiveRoots } from "../../src/store/collector-socket.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { layoutAt } from "../../src/store/layout.ts";
import { tryLock } from "../../src/store/libc.ts";
import { lockPaths, openLockFile } from "../../src/store/lock.ts";
import { isDeepElsewhere, type Nix, needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

type Running = { readonly child: ChildProcess; readonly ended: Promise<string> };

/** Start one of Nix's programs; settles with its standard output, or rejects with its standard error. */
function start(
  nix: Nix,
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Running {
  const child = spawn(program, args, { env: { ...nix.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(stdout) : reject(new Error(stderr))));
  });
  ended.catch(() => {});
  return { child, ended };
}

/** Wait until the kernel says that a process waits for a lock on a file. */
async function untilWaiting(child: ChildProcess, file: string): Promise<void> {
  const { ino } = statSync(file);
  for (;;) {
    const waits = readFileSync("/proc/locks", "latin1")
      .split("\n")
      .some(
        (line) => line.includes("-> FLOCK") && line.includes(` ${child.pid} `) && line.includes(`:${ino} `),
      );
    if (waits) return;
    assert.equal(child.exitCode, null, "it did not wait");
    await sleep(2);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

/** Start a collection by real Nix that has found its roots, and goes on when the descriptor is closed. */
async function collectUpTo(nix: Nix, gate: string): Promise<[Running, fd: number]> {
  for (;;) {
    const real = start(nix, "nix-store", ["--gc"], { _NIX_TEST_GC_SYNC: gate });
    while (real.child.exitCode === null)
      try {
        return [real, openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK)];
      } catch {
        // Nobody reads it yet.
        await sleep(2);
      }
    await real.ended.catch((error: Error) => assert.ok(isDeepElsewhere(error.message), error.message));
  }
}

/** Make a named pipe. */
function pipe(file: string): string {
  spawnSync("mkfifo", [file]);
  return file;
}

const isOpen = async <T>(promise: Promise<T>): Promise<boolean> =>
  (await Promise.race([promise.then(() => "settled"), sleep(20, "open")])) === "open";

test(
  "big-lock: real Nix waits while cleave holds it alone, cleave while another does",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    nix.run("nix-store", ["--init"]);
    const { bigLock } = layoutAt(nix.root);
    const fd = openLockFile(bigLock);
    assert.ok(tryLock(fd, "exclusive"));
    const real = start(nix, "nix-store", ["--init"]);
    await untilWaiting(real.child, bigLock);
    const notes: string[] = [];
    const own = openLocalStore({
      root: nix.root,
      emit: (event) => notes.push(event.type === "note" ? event.message : event.type),
    });
    assert.ok(await isOpen(own));
    assert.deepEqual(notes, ["waiting for the big Nix store lock..."]);
    closeSync(fd);
    await real.ended;
    const store = await own;
    const other = openLockFile(bigLock);
    assert.ok(!tryLock(other, "exclusive"), "an open store holds big-lock shared");
    assert.ok(tryLock(other, "shared"));
    closeSync(other);
    await store[Symbol.asyncDispose]();
  },
);

test(
  "temproots: what a living process of either has in hand outlives a collection by the other",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    let path: StorePath;
    {
      await using store = await openLocalStore({ root: nix.root });
      path = await store.addText({ name: "kept", content: "by cleave" });
      nix.run("nix-store", ["--gc"]);
      assert.ok(await store.info(path));
    }
    nix.run("nix-store", ["--gc"]);
    await using store = await openLocalStore({ root: nix.root });
    assert.equal(await store.info(path), undefined);

    writeFileSync(join(temp.path, "file"), "by Nix");
    const added = nix
      .run("nix-store", ["--add", join(temp.path, "file")])
      .toString()
      .trim();
    const exported = nix.run("nix-store", ["--export", added]);
    nix.run("nix-store", ["--delete", added]);
    // An import that has got one path, and waits for more.
    const real = start(nix, "nix-store", ["--import"]);
    real.child.stdin?.write(exported.subarray(0, -8));
    await until(
      () => statSync(store.realPath(parseStorePath(added)), { throwIfNoEntry: false }) !== undefined,
    );
    while ((await store.info(parseStorePath(added))) === undefined) await sleep(2);
    assert.deepEqual((await store.collect()).paths, []);
    assert.ok(await store.info(parseStorePath(added)));
    real.child.stdin?.end(exported.subarray(-8));
    await real.ended;
    assert.deepEqual((await store.collect()).paths, [added]);
  },
);

test("gc.lock, gc-socket: roots that cleave adds while real Nix collects are kept", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  writeFileSync(join(temp.path, "old"), "old");
  const old = parseStorePath(
    nix
      .run("nix-store", ["--add", join(temp.path, "old")])
      .toString()
      .trim(),
  );
  const gate = pipe(join(temp.path, "gate"));
  await using store = await openLocalStore({ root: nix.root });
  const [real, fd] = await collectUpTo(nix, gate);
  const fresh = await store.addText({ name: "new", content: "added meanwhile" });
  await store.addTemporaryRoots([old]);
  closeSync(fd);
  await real.ended;
  assert.deepEqual(await store.validPaths([old, fresh]), new Set([old, fresh]));
  assert.equal(nix.run("nix-store", ["--verify", "--check-contents"]).toString(), "");
});

test(
  "gc.lock, gc-socket: roots that real Nix adds while cleave collects are heard before it goes on",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    nix.run("nix-store", ["--init"]);
    const layout = layoutAt(nix.root);
    const fd = openLockFile(layout.collectorLock);
    assert.ok(tryLock(fd, "exclusive"));
    const heard: string[] = [];
    {
      await using _ = await receiveRoots(layout, (path) => {
        assert.equal(statSync(join(layout.store, path.slice(11)), { throwIfNoEntry: false }), undefined);
        heard.push(path);
      });
      writeFileSync(join(temp.path, "file"), "content");
      const real = start(nix, "nix-store", ["--add", join(temp.path, "file")]);
      assert.deepEqual([(await real.ended).trim()], heard);
    }
    closeSync(fd);
  },
);

test("gc-socket: what becomes a root while cleave collects is kept, with what it refers to", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  let inner: StorePath;
  let victim: StorePath;
  {
    await using store = await openLocalStore({ root });
    inner = await store.addText({ name: "inner", content: "" });
    victim = await store.addText({ name: "victim", content: "", references: [inner] });
    const texts = Array.from({ length: 4000 }, (_, at) => ({ name: "dead", content: `${at}` }));
    const dead = await store.addTexts(texts);
    // It goes last, since all others refer to it.
    const { narHash, narSize } = await store.requireInfo(victim);
    await store.register(dead.map((path) => ({ path, narHash, narSize, references: [victim] })));
  }
  let kept: Promise<boolean> | undefined;
  await using store = await openLocalStore({
    root,
    emit: (event) => {
      if (event.type === "note" && event.message === "deleting garbage...")
        kept = store.addTemporaryRoots([victim]).then(async () => (await store.info(victim)) !== undefined);
    },
  });
  const { paths } = await store.collect();
  assert.equal(await kept, true, "it was told in time");
  assert.equal(paths.length, 4000);
  assert.deepEqual(await store.validPaths([inner, victim]), new Set([inner, victim]));
});

test("gc.lock: a collection waits for who adds a root, on both sides", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  nix.run("nix-store", ["--gc"]);
  const { collectorLock } = layoutAt(nix.root);
  const fd = openLockFile(collectorLock);
  assert.ok(tryLock(fd, "shared"));
  const real = start(nix, "nix-store", ["--gc"]);
  await untilWaiting(real.child, collectorLock);
  await using store = await openLocalStore({ root: nix.root });
  const own = store.collect();
  assert.ok(await isOpen(own));
  closeSync(fd);
  await own;
  await real.ended.catch((error: Error) => assert.ok(isDeepElsewhere(error.message), error.message));
});

test("a path's lock: real Nix waits for cleave, and sees that the lock file is stale", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  writeFileSync(join(temp.path, "file"), "content");
  const path = nix
    .run("nix-store", ["--add", join(temp.path, "file")])
    .toString()
    .trim();
  nix.run("nix-store", ["--delete", path]);
  const real = join(nix.root, path);
  for (const remove of [true, false]) {
    const locks = await lockPaths([real]);
    const adding = start(nix, "nix-store", ["--add", join(temp.path, "file")]);
    await untilWaiting(adding.child, `${real}.lock`);
    locks?.release({ remove });
    assert.equal((await adding.ended).trim(), path);
    assert.equal(statSync(`${real}.lock`, { throwIfNoEntry: false }), undefined);
    nix.run("nix-store", ["--delete", path]);
  }
});

test(
  "a path's lock: cleave waits for a build of real Nix, or says that it would have to",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    const gate = pipe(join(temp.path, "gate"));
    writeFileSync(
      join(temp.path, "gated.nix"),
      `derivation { name = "gated"; system = builtins.currentSystem; builder = "/bin/sh";
       args = [ "-c" "read line < /gate && echo $line > $out" ]; }`,
    );
    const drv = nix
      .run("nix-instantiate", [join(temp.path, "gated.nix")])
      .toString()
      .trim();
    await using store = await openLocalStore({ root: nix.root });
    const [out] = (await store.derivationOutputs(parseStorePath(drv))).values();
    assert.ok(out);
    const host = ["--option", "sandbox-paths", `/bin /lib /lib64 /usr /gate=${gate}`];
    const real = start(nix, "nix-store", ["--realise", drv, ...host]);
    // Opened for both, so that it does not wait for the builder.
    const fd = openSync(gate, constants.O_RDWR);
    await until(() => real.child.exitCode !== null || existsSync(`${store.realPath(out)}.lock`));
    assert.equal(await store.lockPaths([out], { wait: false }), undefined);
    const waiting = store.lockPaths([out]);
    assert.ok(await isOpen(waiting));
    writeSync(fd, "built\n");
    await real.ended;
    closeSync(fd);
    (await waiting)?.release({ remove: true });
    assert.equal(readFileSync(store.realPath(out), "utf8"), "built\n");
  },
);

test("locks on several paths are taken in one order, all or none, and can be given up waiting for", async () => {
  using temp = temporaryFolder();
  const paths = ["b", "a", "c"].map((name) => join(temp.path, name));
  const [b = "", , c = ""] = paths;
  const first = await lockPaths([c]);
  assert.equal(await lockPaths(paths, { wait: false }), undefined);
  // Nothing was kept of that.
  (await lockPaths([b], { wait: false }))?.release();
  const controller = new AbortController();
  const second = lockPaths(paths, { signal: controller.signal });
  assert.ok(await isOpen(second));
  controller.abort(new Error("enough"));
  await assert.rejects(second, { message: "enough" });
  const third = lockPaths(paths);
  first?.release({ remove: true });
  const held = await third;
  // The file that it waited for is gone: it has made another, which the next one meets.
  assert.equal(await lockPaths([c], { wait: false }), undefined);
  held?.release({ remove: true });
  assert.equal(statSync(`${c}.lock`, { throwIfNoEntry: false }), undefined);
});

test(
  "temproots: a file of our number that somebody holds, as in another namespace of processes, is left alone",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    nix.run("nix-store", ["--init"]);
    const { temporaryRoots } = layoutAt(nix.root);
    const theirs = join(temporaryRoots, `${process.pid}`);
    const fd = openLockFile(theirs);
    assert.ok(tryLock(fd, "exclusive"));
    await using store = await openLocalStore({ root: nix.root });
    const path = await store.addText({ name: "kept", content: "" });
    assert.equal(readFileSync(theirs, "latin1"), "");
    assert.equal(readFileSync(`${theirs}.1`, "latin1"), `${path}\0`);
    nix.run("nix-store", ["--gc"]);
    assert.ok(await store.info(path));
    closeSync(fd);
  },
);

test("a store opened twice in a process keeps its roots until the last is closed", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  mkdirSync(root);
  const first = await openLocalStore({ root });
  const path = await first.addText({ name: "kept", content: "" });
  const second = await openLocalStore({ root });
  await second.addText({ name: "other", content: "" });
  await first[Symbol.asyncDispose]();
  assert.deepEqual((await second.collect()).paths, []);
  assert.ok(await second.info(path));
  await second[Symbol.asyncDispose]();
  await using third = await openLocalStore({ root });
  assert.equal((await third.collect()).paths.length, 2);
});
