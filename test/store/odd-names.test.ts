/** Names that only bytes can tell, and roots that cannot be read: nothing that is needed is deleted. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeText } from "../../src/base/index.ts";
import { parseForeignStorePath } from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { cleave, cleaveBytes } from "../support/cleave.ts";
import { isDeepElsewhere, needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Run a program of real Nix on the store at a root, and give what it writes, whatever that is. */
function runNix(env: Record<string, string>, root: string, ...args: string[]): Buffer {
  for (;;) {
    const { stdout, stderr, status } = spawnSync("nix-store", args, {
      env: { ...env, NIX_REMOTE: `local?root=${root}` },
    });
    if (isDeepElsewhere(stderr.toString())) continue;
    assert.equal(status, 0, stderr.toString());
    return stdout;
  }
}

const odd = "\udcff";

test("Nix law: roots and files whose names are not UTF-8 are roots and files", needsNix, async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  const nix = nixIn(temp.path);
  const roots = join(root, "nix/var/nix/gcroots");
  const live: string[] = [];
  {
    await using store = await openLocalStore({ root });
    const text = async (name: string) => {
      const path = await store.addText({ name, content: name });
      live.push(path);
      return path;
    };
    symlinkSync(await text("direct"), encodeText(`${roots}/${odd}`));
    mkdirSync(encodeText(`${roots}/d${odd}`));
    symlinkSync(await text("nested"), encodeText(`${roots}/d${odd}/x`));
    mkdirSync(encodeText(`${temp.path}/ind${odd}`));
    mkdirSync(join(roots, "auto"));
    symlinkSync(await text("by-hand"), encodeText(`${temp.path}/ind${odd}/by-hand`));
    symlinkSync(encodeText(`${temp.path}/ind${odd}/by-hand`), join(roots, "auto/by-hand"));
    await store.addRoot(`${temp.path}/ind${odd}/result`, await text("added"));
    await store.addRoot(`${temp.path}/ind${odd}/result`, await text("added"));
    await store.addText({ name: "dead", content: "" });
  }
  const env = { CLEAVE_ROOT: root };
  const own = async (...args: string[]) => (await cleaveBytes(["store", "gc", ...args], { env })).stdout;
  const lines = (bytes: Buffer) => bytes.toString("latin1").split("\n").sort();
  assert.deepEqual(lines(await own("--print-roots")), lines(runNix(nix.env, root, "--gc", "--print-roots")));
  assert.deepEqual(lines(await own("--print-live")), lines(runNix(nix.env, root, "--gc", "--print-live")));
  const stray = encodeText(`${root}/nix/store/stray${odd}`);
  mkdirSync(stray);
  writeFileSync(Buffer.concat([stray, encodeText(`/${odd}`)]), "");
  writeFileSync(encodeText(`${root}/nix/store/.links/${odd}`), "");
  const dead = lines(await own("--print-dead"));
  assert.ok(dead.includes("/nix/store/stray\xff"));
  assert.equal(
    (await cleave(["store", "verify", "--check-contents"], { env })).stderr.split("\n")[3],
    `link '${root}/nix/store/.links/\ufffd' was modified! expected hash '\ufffd', got '0ip26j2h11n1kgkz36rl4akv694yz65hr72q4kv4b3lxcbi65b3p'`,
  );
  await cleave(["store", "optimise"], { env });
  assert.equal((await own()).toString(), "2 store paths deleted, 0.00 MiB freed\n");
  await using store = await openLocalStore({ root });
  assert.deepEqual(await store.allPaths(), [...new Set(live)].sort());
  const names = readdirSync(join(root, "nix/store"), { encoding: "latin1" });
  assert.deepEqual(names.sort(), [".links", ...new Set(live.map((path) => path.slice(11)))].sort());
  assert.deepEqual(runNix(nix.env, root, "--gc", "--print-dead").toString(), "");
});

test("a root that cannot be read: nothing is deleted", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  {
    await using store = await openLocalStore({ root });
    await store.addText({ name: "dead", content: "" });
  }
  symlinkSync("loop", join(temp.path, "loop"));
  mkdirSync(join(root, "nix/var/nix/gcroots/auto"));
  symlinkSync(join(temp.path, "loop/result"), join(root, "nix/var/nix/gcroots/auto/x"));
  const { code, stderr } = await cleave(["store", "gc"], { env: { CLEAVE_ROOT: root } });
  assert.equal(code, 1);
  assert.equal(
    stderr,
    "finding garbage collector roots...\n" +
      `error[store-root-unreadable]: the garbage collector root ${root}/nix/var/nix/gcroots/auto/x cannot be read, so nobody knows what it keeps\n` +
      "  because[file-failed]: cannot read the file: too many symbolic links encountered\n" +
      `    at ${temp.path}/loop/result\n` +
      "  hint: make readable what it names, or remove it; until then nothing is deleted\n" +
      "  more: cleave explain store-root-unreadable\n",
  );
  await using store = await openLocalStore({ root });
  assert.equal((await store.allPaths()).length, 1);
});

test("paths that Nix 2.8 names as current Nix does not may be in a store", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const env = { CLEAVE_ROOT: nix.root };
  const at = join(temp.path, "source");
  mkdirSync(at);
  writeFileSync(join(at, "..-x"), "content");
  const add = (file: string) => runNix(nix.env, nix.root, "--add", file).toString().trimEnd();
  const dot = add(`${at}/.`);
  const dash = add(`${at}/..-x`);
  const own = async (...args: string[]) => {
    const { code, stdout, stderr } = await cleaveBytes(["store", ...args], { env });
    assert.equal(code, 0, stderr.toString());
    return stdout;
  };
  assert.match(dot, /-\.$/);
  assert.match(dash, /-\.\.-x$/);
  assert.match((await own("info", dash)).toString(), new RegExp(`^StorePath: ${dash}\n`));
  assert.deepEqual(await own("export", dash), runNix(nix.env, nix.root, "--export", dash));
  await own("verify", "--check-contents");
  await own("optimise");
  assert.equal(
    (await own("gc", "--print-dead")).toString(),
    [dot, dash]
      .sort()
      .map((each) => `${each}\n`)
      .join(""),
  );
  writeFileSync(
    join(at, "odd.nix"),
    `derivation { name = "a"; system = "s"; builder = "b"; src = builtins.toFile "..-x" ""; }`,
  );
  const instantiate = spawnSync("nix-instantiate", [join(at, "odd.nix")], {
    env: { ...nix.env, NIX_REMOTE: `local?root=${nix.root}` },
    encoding: "utf8",
  });
  const derivation = instantiate.stdout.trimEnd();
  assert.match(derivation, /-a\.drv$/, instantiate.stderr);
  const shown = await cleaveBytes(["derivation", "show", join(nix.root, derivation)], { env });
  assert.match(shown.stdout.toString(), /-\.\.-x"/, shown.stderr.toString());
  const closure = (await own("closure", derivation)).toString().trimEnd().split("\n");
  const stream = await own("export", ...closure);
  const other = join(temp.path, "other");
  const imported = await cleaveBytes(["store", "import"], { env: { CLEAVE_ROOT: other }, input: stream });
  assert.equal(imported.code, 0, imported.stderr.toString());
  runNix(nix.env, other, "--verify", "--check-contents");
  await own("delete", ...closure);
  symlinkSync(dash, join(nix.root, "nix/var/nix/gcroots/dash"));
  assert.equal((await own("gc", "--print-live")).toString(), `${dash}\n`);
  {
    await using store = await openLocalStore({ root: nix.root });
    await store.addTemporaryRoots([parseForeignStorePath(dot)]);
    assert.equal((await own("gc", "--json")).toString(), '{"paths":[],"bytesFreed":0}\n');
  }
  assert.equal((await own("gc")).toString(), "1 store paths deleted, 0.00 MiB freed\n");
  assert.equal(runNix(nix.env, nix.root, "--gc", "--print-live").toString(), `${dash}\n`);
  runNix(nix.env, nix.root, "--verify", "--check-contents");
});
