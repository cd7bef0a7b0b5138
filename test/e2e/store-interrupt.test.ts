/** Somebody stops a command that adds: what was growing goes, and the exit code says so. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openLocalStore } from "../../src/store/index.ts";
import { cleaveBytes, repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Run cleave store, send a signal once something grows in the store, and give how it ends. */
async function interrupted(
  root: string,
  signal: "SIGINT" | "SIGTERM",
  args: readonly string[],
  input?: Uint8Array,
): Promise<number | null> {
  const child = spawn(`${repository}cleave`, ["store", ...args], {
    env: { PATH: process.env["PATH"] ?? "", CLEAVE_ROOT: root },
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
  child.stdin.on("error", () => {});
  // The end is never written: what reads this waits for more.
  if (input !== undefined) child.stdin.write(input);
  const names = () => readdirSync(join(root, "nix/store")).filter((name) => !/\.links$|\.lock$/.test(name));
  while (names().length === 0) await sleep(1);
  child.kill(signal);
  const code = await ended;
  assert.deepEqual(readdirSync(join(root, "nix/store")), [".links"]);
  return code;
}

test("store add and store import, stopped in the middle, leave nothing behind", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "root");
  {
    await using _ = await openLocalStore({ root });
  }
  const tree = join(temp.path, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "large"), "");
  truncateSync(join(tree, "large"), 4 * 2 ** 30);
  assert.equal(await interrupted(root, "SIGINT", ["add", tree]), 130);
  assert.equal(await interrupted(root, "SIGTERM", ["add", "--flat", join(tree, "large")]), 143);

  writeFileSync(join(tree, "large"), Buffer.alloc(1_000_000));
  const other = { CLEAVE_ROOT: join(temp.path, "other") };
  const { stdout: nar } = await cleaveBytes(["nar", "dump", tree]);
  const half = nar.subarray(0, 500_000);
  assert.equal(await interrupted(root, "SIGINT", ["add", "--nar", "--name", "x", "-"], half), 130);
  const { stdout } = await cleaveBytes(["store", "add", tree], { env: other });
  const { stdout: stream } = await cleaveBytes(["store", "export", stdout.toString().trim()], { env: other });
  assert.equal(await interrupted(root, "SIGTERM", ["import"], stream.subarray(0, 500_000)), 143);
});

test("a pipe is refused, as it cannot be read twice", () => {
  using temp = temporaryFolder();
  spawnSync("mkfifo", [join(temp.path, "pipe")]);
  const { status, stderr } = spawnSync(`${repository}cleave`, ["store", "add", "--flat", "pipe"], {
    cwd: temp.path,
    env: { PATH: process.env["PATH"], CLEAVE_ROOT: join(temp.path, "root") },
    encoding: "utf8",
    timeout: 20_000,
  });
  assert.equal(status, 1);
  assert.equal(
    stderr,
    "error[nar-unsupported-file]: the file is neither a regular file nor a folder nor a symlink\n" +
      `  at ${temp.path}/pipe\n` +
      "  hint: copy what it gives into a file first\n" +
      "  more: cleave explain nar-unsupported-file\n",
  );
});
