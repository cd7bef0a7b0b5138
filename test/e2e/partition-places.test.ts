/**
 * Partition law, in other places: another user, another number of jobs, another file system, and real Nix.
 *
 * In each, hello is built split, and compared with what was built joined, in memory, as root, with two cores.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools, toolsRoot } from "../support/bootstrapped.ts";
import { repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { copyPackages } from "../support/quick-store.ts";
import { temporaryFolder } from "../support/temp.ts";

const isRoot = process.geteuid?.() === 0;
const tools = ["bootstrap.quickjs", "bootstrap.busybox", "bootstrap.make", "bootstrap.cc"];
const launcher = join(repository, "cleave");
const options = { timeout: 5 * 60 * 1000 };
const needsRoot =
  needsTools.skip !== false || isRoot ? needsTools : { skip: "only the superuser can do this" };

type Built = { readonly path: string; readonly hash: string; readonly references: readonly string[] };

/** Build hello, and say what came out. */
function build(root: string, args: readonly string[], as: readonly string[] = []): Built {
  const [program = "", ...rest] = [...as, "env", `CLEAVE_ROOT=${root}`, `HOME=${root}`, launcher];
  const run = (...words: string[]): string =>
    execFileSync(program, [...rest, ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      cwd: "/",
      maxBuffer: 2 ** 28,
    });
  const path = run("build", "--no-link", "--no-check", ...args, "hello").trim();
  const { narHash, references } = JSON.parse(run("store", "info", "--json", path)).paths[0];
  return { path, hash: narHash, references };
}

let known: Built | undefined;
/** What comes out joined, in the store of the tools. */
const expected = (): Built => {
  known ??= build(toolsRoot, ["--partition", "joined", "--cores", "2"]);
  return known;
};

test("Partition law: with one core, and one job", { ...needsTools, ...options }, async () => {
  using temp = temporaryFolder();
  await copyPackages(tools, temp.path, ["hello"]);
  assert.deepEqual(build(temp.path, ["--partition", "split", "--cores", "1", "--jobs", "1"]), expected());
});

test("Partition law: as another user", { ...needsRoot, ...options }, async () => {
  using temp = temporaryFolder();
  await copyPackages(tools, temp.path, ["hello"]);
  execFileSync("chown", ["-R", "65534:65534", temp.path]);
  const as = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  assert.deepEqual(build(temp.path, ["--partition", "split"], as), expected());
});

test("Partition law: on xfs with reflinks", { ...needsRoot, ...options }, async (context) => {
  using temp = temporaryFolder();
  const [image, place] = [join(temp.path, "image"), join(temp.path, "place")];
  writeFileSync(image, "");
  truncateSync(image, 2 * 2 ** 30);
  mkdirSync(place);
  const made = spawnSync("mkfs.xfs", ["-q", "-m", "reflink=1", image]);
  const mounted = made.status === 0 ? spawnSync("mount", ["-o", "loop", image, place]) : made;
  if (mounted.status !== 0) {
    context.skip("there is no mkfs.xfs (apt-get install xfsprogs), or nothing may be mounted here");
    return;
  }
  try {
    await copyPackages(tools, join(place, "store"), ["hello"]);
    assert.deepEqual(build(join(place, "store"), ["--partition", "split"]), expected());
  } finally {
    execFileSync("umount", [place]);
  }
});

test("Partition law: by real Nix, joined and split", {
  ...(needsTools.skip === false ? needsNix : needsTools),
  ...options,
}, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  await copyPackages(tools, nix.root, ["hello"]);
  const instantiate = (partition: string): string =>
    execFileSync(launcher, ["instantiate", "--partition", partition, "hello"], {
      env: { ...nix.env, CLEAVE_ROOT: nix.root },
      encoding: "utf8",
      cwd: "/",
    }).trim();
  const realise = (derivation: string): Buffer => {
    const path = nix.run("nix-store", ["--realise", derivation]).toString().trim();
    assert.equal(
      nix.run("nix-store", ["--query", "--references", path]).toString().replaceAll(path, expected().path),
      expected()
        .references.map((each) => `${each}\n`)
        .join(""),
    );
    return rename(nix.run("nix-store", ["--dump", join(nix.root, path)]), path);
  };
  /** Put the hash part of what was expected in the place of another. */
  const rename = (nar: Buffer, path: string): Buffer =>
    Buffer.from(
      nar.toString("latin1").replaceAll(path.slice(11, 43), expected().path.slice(11, 43)),
      "latin1",
    );
  const own = execFileSync(launcher, ["nar", "dump", join(toolsRoot, expected().path)], {
    maxBuffer: 2 ** 28,
  });
  assert.ok(realise(instantiate("joined")).equals(own));
  assert.ok(realise(instantiate("split")).equals(own));
});
