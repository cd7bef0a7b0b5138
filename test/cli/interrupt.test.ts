/** Stopping a command, and stopping it for good. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { repository } from "../support/cleave.ts";
import { rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Start work that takes its time when it is stopped, and tell when it has begun. */
async function start(milliseconds: number) {
  const interrupt = JSON.stringify(join(repository, "src/cli/interrupt.ts"));
  const script = `
    import { undoable } from ${interrupt};
    process.exitCode = await undoable(async (signal) => {
      const keep = setInterval(() => {}, 1000);
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      console.log("working");
      await aborted;
      await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
      console.log("undone");
      clearInterval(keep);
      throw signal.reason;
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text) => said.push(text));
  await once(child.stdout, "data");
  return { child, said, ended: once(child, "close") };
}

test("a command that is stopped undoes its work first, by however many signals at once", async () => {
  const { child, said, ended } = await start(600);
  child.kill("SIGINT");
  child.kill("SIGINT");
  child.kill("SIGTERM");
  // In which order they arrive, the kernel decides.
  const [code] = await ended;
  assert.ok(code === 130 || code === 143, `exit code ${code}`);
  assert.equal(said.join(""), "working\nundone\n");
});

test("another signal ends it at once", async () => {
  const { child, said, ended } = await start(600_000);
  child.kill("SIGTERM");
  await setTimeout(600);
  child.kill("SIGINT");
  assert.deepEqual(await ended, [143, null]);
  assert.equal(said.join(""), "working\n");
});

test("a recipe that never ends is ended by the first signal, also where there will be something to undo", async () => {
  for (const command of ["build", "run", "source"]) {
    using temp = temporaryFolder();
    writeFiles(temp.path, {
      "it/package.ts": rawRecipe("it", { imports: "const now = 1;\nwhile (now > 0) void now;\n" }),
    });
    const root = join(temp.path, "store");
    const child = spawn(join(repository, "cleave"), [command, "--folder", temp.path, "it"], {
      cwd: temp.path,
      env: { CLEAVE_ROOT: root, PATH: process.env["PATH"], HOME: temp.path },
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.on("close", (_, signal) => resolve(signal)));
    while (!existsSync(join(root, "nix/var/nix/db/db.sqlite"))) await setTimeout(5);
    child.kill("SIGINT");
    const late = setTimeout(10_000, "late", { ref: false });
    const outcome = await Promise.race([ended, late]);
    child.kill("SIGKILL");
    assert.equal(outcome, "SIGINT", command);
  }
});
