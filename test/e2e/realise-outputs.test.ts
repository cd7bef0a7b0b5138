/** What builders leave behind, as they should not and as they may: beside real Nix where that can answer. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, type Outcome } from "../support/cleave.ts";
import { type BuildRig, buildRig, needsBuilds } from "../support/realise.ts";
import { temporaryFolder } from "../support/temp.ts";

const realise = (rig: BuildRig, ...args: string[]): Promise<Outcome> =>
  cleave(["realise", ...args], { env: { CLEAVE_ROOT: rig.root, PATH: process.env["PATH"] ?? "" } });

/** The store paths that are no derivation, by name, without the tools. */
function leftIn(rig: BuildRig): string[] {
  return readdirSync(join(rig.root, "nix/store"))
    .map((name) => name.replace(/^[^-]*-/, ""))
    .filter((name) => !/\.drv$|^\.links$|^tools$/.test(name))
    .sort();
}

test("an output that real Nix refuses is refused, and nothing is registered", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const flat =
    'outputHash = builtins.hashString "sha256" "fixed\\n"; outputHashAlgo = "sha256"; outputHashMode = "flat";';
  const cases: Record<string, [attrs: string, script: string, message: RegExp]> = {
    writable: [
      "",
      "busybox mkdir $out; busybox chmod 777 $out",
      /\[build-bad-output\]: .*-writable may be written/,
    ],
    executable: [
      flat,
      "echo fixed > $out; busybox chmod +x $out",
      /\[build-bad-output\]: .* is executable, and/,
    ],
    folder: [flat, "busybox mkdir $out", /\[build-bad-output\]: .* is no file, and/],
    refers: [
      'outputHash = builtins.hashString "sha256" "${tools}\\n"; outputHashAlgo = "sha256";',
      "echo ${tools} > $out",
      /\[build-bad-output\]: .* refers to .*-tools/,
    ],
    circle: [
      'outputs = [ "out" "dev" ];',
      "echo $dev > $out; echo $out > $dev",
      /\[store-cycle\]: .* refer to each other/,
    ],
    feature: [
      'requiredSystemFeatures = [ "quantum" ];',
      "echo > $out",
      /\[build-platform\]: .* the features quantum, and/,
    ],
    outside: ["__noChroot = true;", "echo > $out", /\[build-bad-attribute\]: .*__noChroot/],
    setuid: ["", "echo > $out; busybox chmod 4755 $out", /Operation not permitted/],
    input: ["", "echo x > ${tools}/x", /Read-only file system/],
  };
  for (const [name, [attrs, script, message]] of Object.entries(cases)) {
    const [derivation = ""] = rig.instantiate(`sh "${script}" { name = "${name}"; ${attrs} }`);
    const { code, stderr } = await realise(rig, derivation);
    assert.match(stderr, message, name);
    assert.equal(code, 100, name);
  }
  assert.deepEqual(leftIn(rig), []);
  assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);
  rig.run("nix-store", ["--verify", "--check-contents"]);
});

test("checks of outputs allow what real Nix's allow", needsBuilds, async () => {
  using ours = temporaryFolder();
  using theirs = temporaryFolder();
  const rig = buildRig(ours.path);
  const peer = buildRig(theirs.path);
  const words = (attrs: string) =>
    `name: sh "echo $out \${tools} > $out; echo $out > $dev" { inherit name; outputs = [ "out" "dev" ]; ${attrs} }`;
  const path = (output: string) =>
    `$(\${tools}/busybox sed -n 's/.*\\"${output}\\":\\"\\\\([^\\"]*\\\\)\\".*/\\\\1/p' /build/.attrs.json)`;
  const object = (attrs: string) =>
    `name: derivation { inherit name; system = builtins.currentSystem; builder = "\${tools}/busybox"; __structuredAttrs = true;
      outputs = [ "out" "dev" ]; args = [ "sh" "-c" "o=${path("out")}; echo $o \${tools} > $o; echo $o > ${path("dev")}" ]; ${attrs} }`;
  const cases: readonly (readonly [expression: string, error: string])[] = [
    [words('allowedReferences = [ "out" tools ];'), ""],
    [words('allowedReferences = [ "out" "${tools}/busybox" ];'), "build-bad-attribute"],
    [words('allowedReferences = [ "/etc/passwd" ];'), "build-bad-attribute"],
    [words('allowedReferences = [ "lib" ];'), "build-bad-attribute"],
    [words("allowedReferences = [ tools ];"), "build-forbidden-reference"],
    [words("allowedRequisites = [ tools ];"), "build-forbidden-reference"],
    [words('allowedRequisites = [ tools "out" ];'), ""],
    [words('disallowedReferences = [ "dev" ];'), ""],
    [words('disallowedRequisites = [ "dev" ];'), ""],
    [words('disallowedRequisites = [ "out" ];'), "build-forbidden-reference"],
    [object("outputChecks.out.allowedReferences = [ tools ];"), "build-forbidden-reference"],
    [object('outputChecks.out.allowedReferences = [ tools "out" ];'), ""],
    [
      object("outputChecks.out = { allowedRequisites = [ tools ]; ignoreSelfRefs = true; };"),
      "build-forbidden-reference",
    ],
    [object("outputChecks.dev.disallowedRequisites = [ tools ];"), "build-forbidden-reference"],
    [object("outputChecks.out.maxSize = 200;"), "build-too-large"],
    [object("outputChecks.out = { maxSize = 9223372036854775807; maxClosureSize = 10000000; };"), ""],
    [object("outputChecks.dev.maxClosureSize = 10000;"), "build-too-large"],
    [object("exportReferencesGraph.g = tools;"), ""],
    [object('exportReferencesGraph.g = [ "${tools}/busybox" ];'), "build-bad-attribute"],
    [words('exportReferencesGraph = [ "g" "${tools}/busybox" ];'), ""],
  ];
  const expression = `[ ${cases.map(([each], index) => `((${each}) "case-${index}-")`).join(" ")} ]`;
  const derivations = rig.instantiate(expression);
  peer.instantiate(expression);
  const { code, stderr } = await realise(rig, "--keep-going", ...derivations);
  const errors = new Map(
    [...stderr.matchAll(/^error\[([a-z-]+)\]: .*?case-(\d+)-/gm)].map(([, error = "", index]) => [
      Number(index),
      error,
    ]),
  );
  assert.deepEqual(
    cases.map((_, index) => errors.get(index) ?? ""),
    cases.map(([, error]) => error),
  );
  assert.equal(code, 100);
  // One by one: real Nix gives all up where one is refused.
  for (const [index, derivation] of derivations.entries()) {
    const judge = () => peer.run("nix-store", ["--realise", derivation]);
    if (cases[index]?.[1] === "") judge();
    else assert.throws(judge);
  }
});

test("an output that was valid before may refer to what is no input any more", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const [derivation = "", dependency = ""] = rig.instantiate(`
    let lib = sh "echo > $out" { name = "lib"; };
        part = sh "if [ $NIX_BUILD_CORES = 1 ]; then echo \${lib} > $out; else echo > $out; fi" { name = "part"; };
    in [ (sh "busybox cat \${part} > $out; echo > $dev" { name = "two"; outputs = [ "out" "dev" ]; allowedRequisites = [ (builtins.unsafeDiscardStringContext "\${lib}") ]; }) part ]`);
  const [dev = ""] = (await realise(rig, "--cores", "1", derivation)).stdout.trim().split("\n");
  const [part = ""] = rig
    .run("nix-store", ["--query", "--outputs", dependency])
    .toString()
    .trim()
    .split("\n");
  rig.run("nix-store", ["--delete", dev, part]);
  const { code, stderr } = await realise(rig, "--cores", "2", derivation);
  assert.equal(code, 0, stderr);
});

test("links, odd names, modes and many files come out as real Nix makes them", needsBuilds, async () => {
  using ours = temporaryFolder();
  using theirs = temporaryFolder();
  const expression = `
    let big = builtins.toFile "many" "i=0; while [ $i -lt 20000 ]; do echo > $out/many/$i; i=$((i+1)); done";
    in [
      (sh "busybox mkdir $out $out/many; echo hard > $out/a; busybox ln $out/a $out/b; busybox ln $out/a $dev;
        busybox mkdir -m 700 $out/own; echo x > $out/own/x; busybox chmod 0 $out/own/x; busybox ln -s nowhere $out/link;
        echo > \\"$out/$(busybox printf '\\\\377\\\\376 a\\\\nb')\\"; . \${big}" { name = "odd"; outputs = [ "out" "dev" ]; })
      (sh "echo > $out" { name = "a"; requiredSystemFeatures = [ "big-parallel" ]; })
      (let a = sh "echo a > $out" { name = "a1"; }; in
        sh "busybox cat g > $out" { name = "graph"; exportReferencesGraph = [ "g" a.drvPath ]; })
    ]`;
  const rig = buildRig(ours.path);
  const peer = buildRig(theirs.path);
  const derivations = rig.instantiate(expression);
  peer.instantiate(expression);
  const { code, stdout, stderr } = await realise(rig, ...derivations);
  assert.equal(code, 0, stderr);
  const paths = stdout.trim().split("\n");
  peer.run("nix-store", ["--realise", ...derivations]);
  const hashes = (each: BuildRig) =>
    each
      .run("nix-store", ["--query", "--hash", ...paths])
      .toString()
      .trim()
      .split("\n");
  assert.deepEqual(hashes(rig), hashes(peer));
  rig.run("nix-store", ["--verify", "--check-contents"]);
});

test("of two outputs one of which is valid only the other is taken", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const [derivation = ""] = rig.instantiate(
    `sh "busybox cat /proc/sys/kernel/random/uuid > $out; echo $out > $dev" { name = "two"; outputs = [ "out" "dev" ]; }`,
  );
  const [dev = "", out = ""] = (await realise(rig, derivation)).stdout.trim().split("\n");
  const before = readFileSync(join(rig.root, out), "utf8");
  rig.run("nix-store", ["--delete", dev]);
  const again = await realise(rig, derivation);
  assert.deepEqual([again.code, again.stdout], [0, `${dev}\n${out}\n`], again.stderr);
  assert.equal(readFileSync(join(rig.root, out), "utf8"), before);
  assert.equal(readFileSync(join(rig.root, dev), "utf8"), `${out}\n`);
  rig.run("nix-store", ["--verify", "--check-contents"]);
});

test(
  "--check finds what differs, keeps it beside the valid output, and exits with 104",
  needsBuilds,
  async () => {
    using temp = temporaryFolder();
    const rig = buildRig(temp.path);
    const [same = "", other = "", failing = ""] = rig.instantiate(`[
    (sh "echo same > $out" { name = "same"; })
    (sh "busybox cat /proc/sys/kernel/random/uuid > $out" { name = "other"; })
    (sh "exit 1" { name = "failing"; }) ]`);
    const early = await realise(rig, "--check", same);
    assert.match(
      early.stderr,
      /^error\[build-missing-input\]: the output of .*-same\.drv that is to be built again, .*-same is not valid/,
    );
    assert.equal(early.code, 1);
    const [samePath = "", otherPath = ""] = (await realise(rig, same, other)).stdout.trim().split("\n");
    const before = readFileSync(join(rig.root, otherPath), "utf8");
    const { code, stdout, stderr } = await realise(rig, "--check", "--keep-going", same, other);
    assert.equal(
      stderr.replace(/^(?!error| {2}).*\n/gm, ""),
      [
        `error[build-not-deterministic]: ${other} has not made the same again:`,
        `    ${otherPath} is not as in ${otherPath.slice("/nix/store/".length)}.check beside it`,
        "  hint: compare the two: time, random numbers, the order of files or the number of cores are the usual reasons",
        "  more: cleave explain build-not-deterministic",
        "",
      ].join("\n"),
    );
    assert.deepEqual([code, stdout], [104, ""]);
    assert.equal(readFileSync(join(rig.root, otherPath), "utf8"), before);
    assert.notEqual(readFileSync(join(rig.root, `${otherPath}.check`), "utf8"), before);
    assert.ok(!existsSync(join(rig.root, `${samePath}.check`)));
    assert.deepEqual(await realise(rig, "--check", "--dry-run", same), {
      code: 0,
      stdout: `${same}\n`,
      stderr: "",
    });
    const dry = await realise(rig, "--dry-run", same, failing);
    assert.deepEqual(dry, { code: 0, stdout: `${failing}\n`, stderr: "" });
    rig.run("nix-store", ["--verify", "--check-contents"]);
  },
);

test(
  "who was handed a fixed output while it was built cannot change it afterwards",
  needsBuilds,
  async () => {
    using temp = temporaryFolder();
    const rig = buildRig(temp.path);
    let open: number | undefined;
    const server = createServer((_, response) => {
      // Stands for somebody whom the builder sends the open file to, by a socket on the host's network.
      const [made = ""] = globSync(join(rig.root, "nix/var/nix/builds/*/store-*/*-handed"));
      open = openSync(made, "r+");
      response.end("go on");
    }).listen(0, "127.0.0.1");
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      const [derivation = ""] = rig.instantiate(
        `sh "echo good > $out; busybox wget -q -O - http://127.0.0.1:${port}/" { name = "handed"; outputHashAlgo = "sha256";
        outputHash = builtins.hashString "sha256" "good\\n"; }`,
      );
      const { code, stdout, stderr } = await realise(rig, derivation);
      assert.equal(code, 0, stderr);
      assert.ok(open !== undefined);
      writeSync(open, "evil\n", 0);
      assert.equal(readFileSync(join(rig.root, stdout.trim()), "utf8"), "good\n");
      rig.run("nix-store", ["--verify", "--check-contents"]);
      assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);
    } finally {
      server.close();
      if (open !== undefined) closeSync(open);
    }
  },
);

test("where no more files can be opened, that is what is said", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const names = Array.from({ length: 200 }, (_, index) => `"o${index}"`).join(" ");
  const [derivation = ""] = rig.instantiate(`sh "" { name = "wide"; outputs = [ "out" ${names} ]; }`);
  const launcher = new URL("../../cleave", import.meta.url).pathname;
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", 'ulimit -n 128; exec "$@"', "sh", launcher, "realise", derivation],
    { encoding: "utf8", env: { CLEAVE_ROOT: rig.root, PATH: process.env["PATH"] ?? "" } },
  );
  assert.match(stderr, /^error\[file-failed\]: cannot build .*-wide\.drv: too many open files$/m);
  assert.equal(status, 100);
  assert.deepEqual(readdirSync(join(rig.root, "nix/var/nix/builds")), []);
});

test("a derivation whose file was altered is not built", needsBuilds, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const [top = ""] = rig.instantiate(
    `let a = sh "echo > $out" { name = "low"; }; in sh "echo \${a} > $out" { name = "top"; }`,
  );
  const file = join(rig.root, top);
  chmodSync(file, 0o644);
  writeFileSync(file, readFileSync(file, "utf8").replace(/[a-z0-9]{32}-top"/, `${"0".repeat(32)}-top"`));
  const altered = await realise(rig, top);
  assert.match(
    altered.stderr,
    /^error\[derivation-invalid\]: the derivation .*-top\.drv has bytes whose path is /,
  );
  assert.equal(altered.code, 1);
  writeFileSync(file, "Derive(");
  assert.match((await realise(rig, top)).stderr, /^error\[derivation-syntax\]/);
  execFileSync("rm", [file]);
  assert.match((await realise(rig, top)).stderr, /^error\[derivation-missing\]/);
  const nowhere = "/nix/store/00000000000000000000000000000000-x.drv";
  assert.match(
    (await realise(rig, nowhere)).stderr,
    /^error\[build-missing-input\]: the derivation .* is not valid/,
  );
  assert.match((await realise(rig, `${top}!lib`)).stderr, /^error\[(derivation-missing|build-no-output)\]/);
  assert.deepEqual(leftIn(rig), []);
});

test("as an ordinary user builds are the same", { skip: needsBuilds.skip || notRoot() }, async () => {
  using temp = temporaryFolder();
  const rig = buildRig(temp.path);
  const [derivation = ""] = rig.instantiate(
    `sh "busybox mkdir -m 700 $out; busybox id -u > $out/id; busybox chmod 500 $out" { name = "own"; }`,
  );
  const expected = (await realise(rig, derivation)).stdout.trim();
  const hash = rig.run("nix-store", ["--query", "--hash", expected]).toString();
  rig.run("nix-store", ["--delete", expected]);
  const as = [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "env",
    `CLEAVE_ROOT=${rig.root}`,
    `HOME=${temp.path}`,
  ];
  const [closed = ""] = rig.instantiate(
    `sh "busybox mkdir $out; echo > $out/x; busybox chmod 600 $out" { name = "closed"; }`,
  );
  execFileSync("chown", ["-R", "65534:65534", temp.path]);
  const launcher = new URL("../../cleave", import.meta.url).pathname;
  const stdout = execFileSync("setpriv", [...as, launcher, "realise", derivation], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  assert.equal(stdout.trim(), expected);
  const refused = spawnSync("setpriv", [...as, launcher, "realise", closed], { encoding: "utf8" });
  assert.match(
    refused.stderr,
    /error\[build-bad-output\]: .*-closed has a folder whose owner may not enter it/,
  );
  assert.equal(refused.status, 100);
  const [shut = "", failed = ""] = rig.instantiate(`[
    (sh "echo > $out; busybox chmod 0 /nix/store /build" { name = "shut"; })
    (sh "echo trace > kept; busybox chmod 555 /build; exit 3" { name = "failed"; }) ]`);
  execFileSync("chown", ["-R", "65534:65534", temp.path]);
  const taken = spawnSync("setpriv", [...as, launcher, "realise", shut], { encoding: "utf8" });
  assert.deepEqual([taken.status, taken.stdout.slice(44)], [0, "shut\n"], taken.stderr);
  const kept = spawnSync("setpriv", [...as, launcher, "realise", "--keep-failed", failed], {
    encoding: "utf8",
  });
  assert.match(kept.stderr, /error\[build-failed\]: .* failed with exit code 3/);
  const [, folder = ""] = /is kept at (\S+)/.exec(kept.stderr) ?? [];
  assert.equal(readFileSync(join(folder, "kept"), "utf8"), "trace\n");
  assert.equal(statSync(join(rig.root, expected)).uid, 65534);

  // What another user's killed process has left is that user's.
  const other = join(rig.root, "nix/var/nix/builds/0123456789ab");
  const newer = join(rig.root, "nix/var/nix/builds/nix-4711-123456789");
  for (const folder of [other, newer]) mkdirSync(folder, 0o700);
  writeFileSync(`${other}.lock`, "", { mode: 0o600 });
  const beside = spawnSync("setpriv", [...as, launcher, "realise", derivation], { encoding: "utf8" });
  assert.deepEqual([beside.status, beside.stderr], [0, ""]);
  assert.equal((await realise(rig, derivation)).code, 0);
  assert.ok(!existsSync(other));
  assert.ok(existsSync(newer), "newer Nix builds there, too");
  execFileSync("chown", ["0:0", join(other, "..")]);
  chmodSync(join(other, ".."), 0o755);
  const nowhere = spawnSync("setpriv", [...as, launcher, "realise", failed], { encoding: "utf8" });
  assert.match(nowhere.stderr, /^error\[store-not-writable\]: the store /);
  execFileSync("chown", ["-R", "0:0", temp.path]);
  assert.equal(rig.run("nix-store", ["--query", "--hash", expected]).toString(), hash);
  rig.run("nix-store", ["--verify", "--check-contents"]);
});

function notRoot(): string | false {
  return process.geteuid?.() === 0 ? false : "only the superuser can become an ordinary user";
}
