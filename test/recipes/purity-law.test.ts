/**
 * Purity law: the same recipes and arguments give the same derivations, whatever user, home, locale, time zone, clock, working
 * folder, place and order of the files, with and without cache.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../support/cleave.ts";
import { temporaryFolder } from "../support/temp.ts";

type World = {
  /** Where the project lies. */
  readonly root: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Code that runs before cleave. */
  readonly before?: string;
  readonly user?: number;
  readonly args?: readonly string[];
};

function evaluate(home: string, { root, env = {}, cwd = home, before, user, args = [] }: World): string {
  const node = join(repository, "node_modules/.bin/node");
  return execFileSync(
    node,
    [
      "--conditions=cleave-source",
      ...(before === undefined ? [] : ["--import", `data:text/javascript,${encodeURIComponent(before)}`]),
      join(root, "src/cli/main.ts"),
      "eval",
      "--json",
      ...args,
    ],
    {
      cwd,
      env: { HOME: home, PATH: process.env["PATH"] ?? "", CLEAVE_ROOT: join(home, "store"), ...env },
      encoding: "utf8",
      ...(user === undefined ? {} : { uid: user, gid: user }),
    },
  );
}

/** Copy the project, with its files made in the opposite order. */
function copyProject(source: string, target: string): void {
  const copy = (from: string, to: string): void => {
    mkdirSync(to, { recursive: true });
    for (const each of readdirSync(from, { withFileTypes: true }).reverse()) {
      if (each.isDirectory()) copy(join(from, each.name), join(to, each.name));
      else cpSync(join(from, each.name), join(to, each.name));
    }
  };
  for (const each of ["src", "stdenv", "packages", "bootstrap"]) copy(join(source, each), join(target, each));
  cpSync(join(source, "package.json"), join(target, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(target, "node_modules"));
}

test("purity law", () => {
  using temp = temporaryFolder();
  const home = (name: string): string => {
    const folder = join(temp.path, name);
    mkdirSync(folder, { mode: 0o777 });
    execFileSync("chmod", ["777", temp.path, folder]);
    return folder;
  };
  const root = join(temp.path, "project");
  copyProject(repository, root);
  const expected = evaluate(home("plain"), { root });
  const packages: readonly object[] = JSON.parse(expected).packages;
  assert.ok(packages.length >= 3, `only ${packages.length} packages`);
  const moved = join(temp.path, "another place", "with spaces");
  copyProject(root, moved);
  const clock = "const now = Date.now; Date.now = () => now() + 1e12; performance.now = () => 1e9;";
  const worlds: Readonly<Record<string, Partial<World>>> = {
    "without cache": { args: ["--no-eval-cache"] },
    "another locale and time zone": {
      env: { LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8", TZ: "Pacific/Kiritimati" },
    },
    "another clock": { before: clock },
    "another environment": {
      env: { NODE_OPTIONS: "", CFLAGS: "-Ofast", PATH: `${process.env["PATH"]}:/nowhere` },
    },
    "another working folder": { cwd: "/" },
    "another place and order of files": { root: moved },
    ...(process.getuid?.() === 0 ? { "another user": { user: 65534 } } : {}),
  };
  for (const [name, world] of Object.entries(worlds))
    assert.equal(evaluate(home(name), { root, ...world }), expected, name);
  assert.equal(evaluate(join(temp.path, "plain"), { root }), expected, "with a cache that is full");
});
