/**
 * Crash law: killing any process at any moment loses no valid path and registers no invalid one; the next command
 * just works. Here for builds: the command, the sandbox's processes, builders; and for interrupts and full disks.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { realise } from "../../src/build/index.ts";
import { parseStorePath } from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { cleave, repository } from "../support/cleave.ts";
import { mulberry } from "../support/random.ts";
import { type BuildRig, buildRig, needsBuilds } from "../support/realise.ts";
import { temporaryFolder } from "../support/temp.ts";

type Running = {
  readonly child: ChildProcess;
  /** Comes when standard error has this text. */
  readonly says: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
};

function start(root: string, args: readonly string[]): Running {
  const child = spawn(join(repository, "cleave"), ["realise", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env["PATH"],
      CLEAVE_ROOT: root,
      NODE_COMPILE_CACHE: "/dev/shm/cleave-test-compile-cache",
    },
  });
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
    child.emit("said");
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, stderr })),
  );
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve();
      child.on("said", look);
      look();
      ended.then(() => reject(new Error(`it ended without saying ${text}: ${stderr}`)));
    });
  return { child, says, ended };
}

/** The processes that see mounts of a folder, or have it in their arguments. */
function processesOf(folder: string): string[] {
  const name = basename(folder);
  return readdirSync("/proc")
    .filter((pid) => /^[0-9]+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) =>
      ["cmdline", "mountinfo"].some((file) => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, "latin1").includes(name);
        } catch {
          return false;
        }
      }),
    );
}

async function assertGone(folder: string): Promise<void> {
  // The kernel ends them, beside us.
  for (let attempt = 0; attempt < 500 && processesOf(folder).length > 0; attempt += 1) await sleep(10);
  assert.deepEqual(processesOf(folder), []);
}

function descendantsOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}

/** Build with the room itself, which is quicker than a process. */
async function realiseHere(rig: BuildRig, derivation: string): Promise<readonly string[]> {
  await using store = await openLocalStore({ root: rig.root });
  const path = parseStorePath(derivation);
  const { failed, skipped, outputs } = await realise(
    [{ derivation: path, outputs: "all" }],
    {
      store,
      searchPath: process.env["PATH"] ?? "",
      options: { cores: 1, keepFailed: false },
      userEnv: {},
      emit: () => {},
      signal: new AbortController().signal,
    },
    { jobs: 2, keepGoing: false },
  );
  assert.deepEqual([[...failed.values()], skipped], [[], []]);
  return [...(outputs.get(path)?.values() ?? [])];
}

/** Derivations over graphs: two outputs, folders, a file that takes a moment to write, references. */
const graphs = (count: number) => `
  let
    leaf = salt: i: sh "busybox mkdir $out; echo \${salt} > $out/a; echo $dev > $out/dev; busybox head -c 300000 /dev/zero > $dev; busybox usleep 20000; echo b > $out/b"
      { name = "leaf\${toString i}"; inherit salt; outputs = [ "out" "dev" ]; };
    chain = salt: builtins.foldl' (below: i: sh "echo \${below} > $out; echo said" { name = "link\${toString i}"; inherit salt; })
      (leaf salt 0) (builtins.genList (i: i) 2);
    top = salt: sh "echo \${chain salt} \${toString (builtins.genList (leaf salt) 3)} > $out" { name = "top"; };
  in map top (builtins.genList toString ${count})`;

const kills = Number(process.env["CLEAVE_KILLS"] ?? 60);

test(`Crash law: ${kills} kills in builds`, needsBuilds, async (t) => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const random = mulberry(4);
  const derivations = rig.instantiate(graphs(kills));
  const [warm = "", ...rest] = derivations;
  const first = start(rig.root, ["--jobs", "2", warm]);
  await first.says("to build");
  const begun = performance.now();
  await first.ended;
  // How long the builds take, on this machine at this moment.
  const span = performance.now() - begun;
  const builds = join(rig.root, "nix/var/nix/builds");
  let killed = 0;
  let others = 0;
  let unfinished = 0;
  for (const derivation of rest) {
    if (killed >= kills) break;
    const batch = Array.from({ length: 1 + (killed % 2) }, () =>
      start(rig.root, ["--jobs", "2", derivation]),
    );
    await Promise.race(batch.map((each) => each.says("to build").catch(() => {})));
    for (const { child, ended } of batch) {
      await sleep(random() * span);
      const below = descendantsOf(child.pid ?? 0);
      const victim = random() < 0.6 ? undefined : below[Math.floor(random() * below.length)];
      try {
        if (victim !== undefined && child.exitCode === null) {
          process.kill(victim, "SIGKILL");
          others += 1;
        } else child.kill("SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
      killed += 1;
      const { code, stderr } = await ended;
      if (code !== 0) unfinished += 1;
      // Whose sandbox was killed says so with a code, and never breaks.
      if (code !== null) assert.ok(code === 0 || code === 100, `${code}: ${stderr}`);
    }
    const outputs = await realiseHere(rig, derivation);
    for (const output of outputs) assert.ok(existsSync(join(rig.root, output)));
    assert.deepEqual(readdirSync(builds), [], `after ${killed} kills`);
    await assertGone(temp.path);
    if (killed % 20 < 2) rig.run("nix-store", ["--verify", "--check-contents"]);
  }
  rig.run("nix-store", ["--verify", "--check-contents"]);
  t.diagnostic(`${killed} kills, ${others} of them not of the command itself; ${unfinished} ended builds`);
  assert.ok(unfinished > killed / 4);
});

test("two cleaves and real Nix build the same graph at once", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const { env } = rig;
  for (const derivation of rig.instantiate(graphs(2))) {
    const ours = [1, 2].map(() => start(rig.root, ["--jobs", "2", derivation]));
    const theirs = spawn("nix-store", ["--realise", "--max-jobs", "2", derivation], {
      env,
      stdio: "ignore",
    });
    const code = await new Promise((resolve) => theirs.on("close", resolve));
    const ends = await Promise.all(ours.map(({ ended }) => ended));
    assert.deepEqual(
      [code, ...ends.map((each) => each.code)],
      [0, 0, 0],
      ends.map((each) => each.stderr).join(""),
    );
  }
  rig.run("nix-store", ["--verify", "--check-contents"]);
  // Where Nix was always first, no builder of cleave has run, and there is no such folder.
  const builds = join(rig.root, "nix/var/nix/builds");
  assert.deepEqual(existsSync(builds) ? readdirSync(builds) : [], []);
});

test("an interrupt ends all builders and leaves nothing behind", needsBuilds, async () => {
  for (const [signal, exit] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    using temp = temporaryFolder();
    const rig = buildRig(temp.path);
    const [top = ""] = rig.instantiate(`
      let slow = i: sh "trap '' INT TERM HUP; echo > $out; echo running; (busybox setsid busybox sleep 1000 &); busybox sleep 1000" { name = "slow\${toString i}"; };
      in sh "echo \${slow 1} \${slow 2} > $out" { name = "top"; }`);
    const { child, says, ended } = start(rig.root, ["--jobs", "2", top]);
    await says("slow1> running");
    await says("slow2> running");
    child.kill(signal);
    const { code } = await ended;
    assert.equal(code, exit);
    assert.deepEqual(processesOf(temp.path), []);
    assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);
    const left = readdirSync(join(rig.root, "nix/store")).filter(
      (name) => !/\.drv$|-tools$|^\.links$/.test(name),
    );
    assert.deepEqual(left, []);
    rig.run("nix-store", ["--verify", "--check-contents"]);
  }
});

test("a full disk ends builds with a code, and the store stays valid", {
  skip:
    needsBuilds.skip ||
    (process.geteuid?.() === 0 ? false : "only the superuser can mount a small file system"),
}, async () => {
  using temp = temporaryFolder();
  const small = join(temp.path, "small");
  mkdirSync(small);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", small]);
  try {
    const rig = buildRig(small);
    const [fill = "", log = "", fine = ""] = rig.instantiate(`[
        (sh "busybox head -c 60000000 /dev/zero > $out" { name = "fill"; })
        (sh "busybox yes \${toString (builtins.genList (i: i) 1000)}; echo > $out" { name = "log"; })
        (sh "echo > $out" { name = "fine"; }) ]`);
    const env = { CLEAVE_ROOT: rig.root, PATH: process.env["PATH"] ?? "" };
    const jobs = String(availableParallelism());
    const filled = await cleave(["realise", "--jobs", jobs, fill], { env });
    assert.match(filled.stderr, /\nerror\[store-no-space\]: there is no space left for the store /);
    assert.equal(filled.code, 100);
    const logged = await cleave(["realise", log], { env });
    assert.match(logged.stderr, /\nerror\[store-no-space\]: there is no space left for the store /);
    assert.equal(logged.code, 100);
    rig.run("rm", ["-r", join(rig.root, "nix/var/log")]);
    assert.equal((await cleave(["realise", fine], { env })).code, 0);
    rig.run("nix-store", ["--verify", "--check-contents"]);
    assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);
  } finally {
    execFileSync("umount", ["-l", small]);
  }
});
