/** `cleave realise` beside real Nix, which wrote the derivations and looks at the store afterwards. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, type Outcome } from "../support/cleave.ts";
import { type BuildRig, buildRig, needsBuilds } from "../support/realise.ts";
import { temporaryFolder } from "../support/temp.ts";

const realise = (rig: BuildRig, ...args: string[]): Promise<Outcome> =>
  cleave(["realise", ...args], { env: { CLEAVE_ROOT: rig.root, PATH: process.env["PATH"] ?? "" } });

/** What real Nix knows of paths: hash, size, references, deriver. */
function factsOf(rig: BuildRig, paths: readonly string[]): unknown {
  const infos: { path: string; narHash: string; narSize: number; references: string[]; deriver?: string }[] =
    JSON.parse(rig.run("nix", ["path-info", "--json", ...paths]).toString());
  return infos.map(({ path, narHash, narSize, references, deriver }) => ({
    path,
    narHash,
    narSize,
    references,
    deriver,
  }));
}

test(
  "a graph that real Nix wrote is built to the same outputs, and real Nix goes on with them",
  needsBuilds,
  async () => {
    using ours = temporaryFolder();
    using theirs = temporaryFolder();
    const expression = `
    let
      a = sh "echo a > $out; echo said by a" { name = "a"; };
      multi = sh "busybox mkdir $out $dev; echo $dev > $out/dev; echo $out > $out/self; busybox ln -s \${a} $dev/a; echo '#!' > $dev/run; busybox chmod +x $dev/run; echo ünï > $dev/ü"
        { name = "multi"; outputs = [ "out" "dev" ]; };
      fixed = sh "echo fixed > $out" { name = "fixed"; outputHash = builtins.hashString "sha256" "fixed\\n"; outputHashAlgo = "sha256"; outputHashMode = "flat"; };
      env = sh "busybox env > $out; busybox pwd >> $out; busybox id >> $out; busybox hostname >> $out; busybox find /build /etc /tmp | busybox sort >> $out; busybox cat $bigPath >> $out; busybox cat graph >> $out"
        { name = "env"; passAsFile = [ "big" ]; big = "\${multi}"; exportReferencesGraph = [ "graph" multi ]; number = 5; };
      attrs = derivation { name = "attrs"; system = builtins.currentSystem; builder = "\${tools}/busybox"; __structuredAttrs = true;
        args = [ "sh" "-c" "set -e; o=$(\${tools}/busybox sed -n 's/.*\\"out\\":\\"\\\\([^\\"]*\\\\)\\".*/\\\\1/p' /build/.attrs.json); \${tools}/busybox cat /build/.attrs.json /build/.attrs.sh > $o" ];
        list = [ 1 "two" true ]; nested.deep.er = null;
        large = 3000000000; larger = [ 9007199254740993 (-9007199254740993) ]; floats = [ 1.0e10 1.5 3.0 (-0.00012) 1.0e-7 1.25e-7 1.0e15 1.0e16 1.5e300 0.0 ]; exportReferencesGraph.closure = [ multi ]; };
      words = sh "busybox tr '\\\\0' '\\\\n' </proc/1/cmdline > $out; busybox uname -m >> $out" { name = "words"; system = "i686-linux"; };
      top = sh "busybox cat \${multi}/dev \${fixed} \${env} \${attrs} > $out" { name = "top"; };
    in [ top env attrs multi words ]`;
    const rig = buildRig(ours.path);
    const peer = buildRig(theirs.path);
    const derivations = rig.instantiate(expression);
    assert.deepEqual(peer.instantiate(expression), derivations);

    const outcome = await realise(rig, "--jobs", "2", "--cores", "2", ...derivations);
    assert.equal(outcome.code, 0, outcome.stderr);
    const paths = outcome.stdout.trim().split("\n");
    peer.run("nix-store", ["--realise", "--cores", "2", ...derivations]);
    assert.deepEqual(factsOf(rig, paths), factsOf(peer, paths));

    rig.run("nix-store", ["--verify", "--check-contents"]);
    const [a = ""] = readdirSync(join(rig.root, "nix/store")).filter((name) => name.endsWith("-a.drv"));
    assert.equal(rig.run("nix-store", ["--read-log", `/nix/store/${a}`]).toString(), "said by a\n");
    assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);

    // Real Nix builds on top of it without building anything again.
    const [next = ""] = rig.instantiate(
      `sh "echo said by next; busybox cat \${builtins.storePath "${paths[0]}"} > $out" { name = "next"; }`,
    );
    rig.run("nix-store", ["--realise", next]);
    const log = await cleave(["log", next], { env: { CLEAVE_ROOT: rig.root } });
    assert.deepEqual(log, { code: 0, stdout: "said by next\n", stderr: "" });
    const again = await realise(rig, next);
    assert.equal(again.code, 0);
    assert.equal(again.stderr, "");
  },
);

test(
  "a build that fails says so, keeps its log, registers nothing, and exits with 100",
  needsBuilds,
  async () => {
    using temp = temporaryFolder();
    const rig = buildRig(temp.path);
    const [top = ""] = rig.instantiate(`
    let bad = sh "echo one; echo two >&2; echo half > $out; exit 3" { name = "bad"; };
    in sh "echo \${bad} > $out" { name = "top"; }`);
    const bad =
      rig
        .run("nix-store", ["--query", "--requisites", top])
        .toString()
        .match(/.*-bad\.drv/)?.[0] ?? "";
    const { code, stdout, stderr } = await realise(rig, top);
    assert.equal(
      stderr.replace(/after [0-9.]+ s/, "after N s"),
      [
        "2 derivations to build",
        `building ${bad}`,
        "bad> one",
        "bad> two",
        "failed bad after N s",
        `error[build-failed]: the builder of ${bad} failed with exit code 3; it said last:`,
        "    one",
        "    two",
        `  hint: cleave log ${bad} shows all of it; --keep-failed keeps the build folder`,
        "  more: cleave explain build-failed",
        "1 more derivation was not built because of that",
        "",
      ].join("\n"),
    );
    assert.deepEqual([code, stdout], [100, ""]);
    const log = await cleave(["log", bad], { env: { CLEAVE_ROOT: rig.root } });
    assert.deepEqual(log, { code: 0, stdout: "one\ntwo\n", stderr: "" });
    rig.run("nix-store", ["--verify", "--check-contents"]);
    const [killed = "", last = ""] = rig.instantiate(`[
      (sh "exit 137" { name = "killed"; }) (sh "exit 255" { name = "last"; }) ]`);
    assert.match((await realise(rig, killed)).stderr, /-killed\.drv was ended by signal 9;/);
    assert.match((await realise(rig, last)).stderr, /-last\.drv failed with exit code 255;/);
    const left = readdirSync(join(rig.root, "nix/store")).filter((name) => !name.endsWith(".drv"));
    assert.deepEqual(left.map((name) => name.replace(/^[^-]*-/, "")).sort(), [".links", "tools"]);
  },
);

test("what a builder must not do ends in a coded error", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const cases: Record<string, [attrs: string, script: string]> = {
    "build-missing-output": ["", "true"],
    "build-hash-mismatch": [
      'outputHash = "0000000000000000000000000000000000000000000000000000"; outputHashAlgo = "sha256";',
      "echo > $out",
    ],
    "build-forbidden-reference": ["allowedReferences = [ ];", "echo ${tools} > $out"],
    "build-timeout": ["", "trap '' TERM INT; (trap '' TERM; busybox sleep 100)"],
    "build-log-too-long": ["", "busybox yes | busybox head -c 2000000"],
    "nar-unsupported-file": ["", "busybox mkdir $out; busybox mknod $out/pipe p"],
    "build-platform": ['system = "sparc-linux";', "echo > $out"],
  };
  for (const [error, [attrs, script]] of Object.entries(cases)) {
    const [derivation = ""] = rig.instantiate(`sh "${script}" { name = "x"; ${attrs} }`);
    const { code, stderr } = await realise(rig, "--timeout", "2", "--max-log", "100000", derivation);
    assert.match(stderr, new RegExp(`error\\[${error}\\]`), error);
    assert.equal(code, 100, error);
  }
  assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);
  assert.ok(!existsSync(join(rig.root, "nix/store/x")));
  rig.run("nix-store", ["--verify", "--check-contents"]);
});

test(
  "with --keep-going the rest is built, with --keep-failed the build folder stays",
  needsBuilds,
  async () => {
    using temp = temporaryFolder();
    const rig = buildRig(temp.path);
    const derivations = rig.instantiate(`
    [ (sh "echo trace > kept; exit 1" { name = "bad"; }) (sh "echo > $out" { name = "good"; }) ]`);
    const { code, stderr } = await realise(
      rig,
      "--keep-going",
      "--keep-failed",
      "--jobs",
      "1",
      ...derivations,
    );
    assert.equal(code, 100);
    const kept = /the build folder of \S+ is kept at (\S+)/.exec(stderr)?.[1] ?? "";
    assert.equal(readFileSync(join(kept, "kept"), "utf8"), "trace\n");
    assert.match(stderr, /built good in/);
  },
);
