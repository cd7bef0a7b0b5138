/**
 * Crash law: killing any process at any moment loses no valid path and registers no invalid one; the next command
 * just works.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { appendFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { baseName, parseStorePath, type StorePath } from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { mulberry } from "../support/random.ts";
import { temporaryFolder } from "../support/temp.ts";

type Worker = {
  readonly kind: string;
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  /** It has said that a path is valid. */
  readonly said: Promise<void>;
  /** The paths that it has said are valid, once it has ended. */
  readonly ended: Promise<StorePath[]>;
};

function startWorker(root: string, kind: string, seed: string, stream: string): Worker {
  const child = spawn(
    process.execPath,
    [
      "--conditions=cleave-source",
      join(repository, "test/support/crash-worker.ts"),
      root,
      kind,
      seed,
      stream,
    ],
    {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: "/dev/shm/cleave-test-compile-cache" },
    },
  );
  let output = "";
  const ready = Promise.withResolvers<void>();
  const said = Promise.withResolvers<void>();
  child.stdin.on("error", () => {});
  child.stdout.on("data", (chunk) => {
    output += chunk;
    ready.resolve();
    if (output.indexOf("\n") < output.length - 1) said.resolve();
  });
  const ended = new Promise<StorePath[]>((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`the worker that does ${kind} ended with ${code}`));
      // What is cut off at the end was not said.
      else resolve(output.split("\n").slice(1, -1).map(parseStorePath));
    });
  });
  ended.catch(() => {});
  return { kind, child, ready: ready.promise, said: said.promise, ended };
}

const kills = Number(process.env["CLEAVE_KILLS"] ?? 210);

test(`Crash law: ${kills} kills in adds, imports and collections`, needsNix, async (t) => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const stream = join(temp.path, "stream");
  let rooted: StorePath[];
  {
    // What is imported refers to each other in a chain, and some of it is what a root needs.
    await using store = await openLocalStore({ root: nix.root });
    const chain: StorePath[] = [];
    for (let at = 0; at < 12; at += 1)
      chain.push(await store.addText({ name: "link", content: "x".repeat(at), references: chain.slice(-2) }));
    for await (const block of store.exportPaths(chain)) appendFileSync(stream, block);
    rooted = chain.slice(0, 4);
    await store.addRoot(join(temp.path, "kept"), chain[3] ?? assert.fail());
  }
  const random = mulberry(20);
  const kinds = ["add", "import", "collect"];
  let made = 0;
  const next = () => {
    made += 1;
    return startWorker(nix.root, kinds[made % 3] ?? "", `w${made}`, stream);
  };
  // How long a worker takes for its first path, on this machine at this moment.
  const first = startWorker(nix.root, "add", "first", stream);
  await first.ready;
  const begun = performance.now();
  first.child.stdin?.write("go\n");
  await first.said;
  const span = Math.min(80, 6 * (performance.now() - begun));
  first.child.kill("SIGKILL");
  const pool = Array.from({ length: 6 }, next);
  let killed = 0;
  let said = 0;
  try {
    while (killed < kills) {
      // Mostly three at once, of all kinds, in the same store.
      const batch = pool.splice(0, killed % 5 === 0 ? 1 : 3);
      await Promise.all(batch.map(({ ready }) => ready));
      while (pool.length < 6) pool.push(next());
      for (const { child } of batch) child.stdin?.write("go\n");
      for (const { child } of batch) {
        await sleep(random() * span);
        child.kill("SIGKILL");
      }
      const valid = await Promise.all(batch.map(({ ended }) => ended));
      killed += batch.length;
      said += valid.flat().length;

      await using store = await openLocalStore({ root: nix.root });
      assert.deepEqual(await store.verify({ checkContents: true }), [], `after ${killed} kills`);
      const collected = batch.some(({ kind }) => kind === "collect");
      const kept = collected ? rooted : [...rooted, ...valid.flat()];
      assert.deepEqual(await store.validPaths(kept), new Set(kept), `after ${killed} kills`);
      const fresh = await store.addText({ name: "next", content: `${killed}` });
      assert.ok(await store.info(fresh));
      if (killed % 21 < batch.length) {
        const real = spawnSync("nix-store", ["--verify", "--check-contents"], {
          env: nix.env,
          encoding: "utf8",
        });
        assert.deepEqual([real.status, real.stderr.split("\n").length], [0, 5], real.stderr);
        writeFileSync(join(temp.path, "more"), `${killed}`);
        nix.run("nix-store", ["--add", join(temp.path, "more")]);
        await store.collect();
        // A collection leaves what is valid, and nothing else but what the next workers have in hand.
        const left = readdirSync(join(nix.root, "nix/store")).filter((name) => !/-warm(\.lock)?$/.test(name));
        assert.deepEqual(
          left.sort(),
          [
            ".links",
            ...(await store.allPaths()).map(baseName).filter((name) => !name.endsWith("-warm")),
          ].sort(),
        );
      }
    }
  } finally {
    for (const { child } of pool) child.kill("SIGKILL");
    await Promise.allSettled(pool.map(({ ended }) => ended));
  }
  assert.ok(said > 0, `only ${said} paths were said to be valid`);
  t.diagnostic(`${killed} kills, ${said} paths were said to be valid before`);
});
