import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import type { EngineFacts } from "../../src/sandbox/index.ts";
import { hasSystemCalls } from "../../src/sandbox/system-calls.ts";
import { repository } from "../support/cleave.ts";

const hasBubblewrap = spawnSync("bwrap", ["--version"]).status === 0;
if (!hasBubblewrap && process.env["CI"] === "true")
  throw new Error("bubblewrap is not installed, and is one of the engines: apt-get install bubblewrap");

/** Every engine, and why its tests are skipped here. */
export const engines: readonly { readonly engine: EngineFacts["name"]; readonly skip: string | false }[] = [
  { engine: "direct", skip: hasSystemCalls ? false : "for x86-64 only" },
  {
    engine: "bubblewrap",
    skip: hasBubblewrap ? false : "bubblewrap is not installed (apt-get install bubblewrap)",
  },
  { engine: "unshare", skip: false },
];

/** Where this is root, add a test that runs all of a test file as a user without rights. */
export function asOrdinaryUser(file: string): void {
  if (process.getuid?.() !== 0) return;
  const closed = closedFolder(dirname(file)) ?? closedFolder(dirname(process.execPath));
  const skip = closed === undefined ? false : `an ordinary user cannot enter ${closed}`;
  test("all of this as an ordinary user", { skip }, async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(
      "setpriv",
      [
        ...["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath],
        ...["--conditions=cleave-source", "--test", "--test-reporter=tap", file],
      ],
      { cwd: repository, env: { ...env, HOME: "/nonexistent" }, stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 0, output);
    assert.match(output, /^# fail 0$/m);
    assert.doesNotMatch(output, /^# pass 0$/m);
  });
}

/** Find the first folder on a path that other users cannot enter. */
function closedFolder(path: string): string | undefined {
  accessSync(path, constants.X_OK);
  const above = path === "/" ? undefined : closedFolder(dirname(path));
  return above ?? ((statSync(path).mode & 0o005) === 0o005 ? undefined : path);
}
