/** The builtin builders, beside real Nix's. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { formatHash, hashBytes } from "../../src/nix/index.ts";
import { cleave, type Outcome } from "../support/cleave.ts";
import { type BuildRig, buildRig, needsBuilds } from "../support/realise.ts";
import { serve, whole } from "../support/serve.ts";
import { temporaryFolder } from "../support/temp.ts";

const realise = (rig: BuildRig, ...args: string[]): Promise<Outcome> =>
  cleave(["realise", ...args], {
    env: { CLEAVE_ROOT: rig.root, PATH: process.env["PATH"] ?? "", no_proxy: "*" },
  });

const hashes = (rig: BuildRig, paths: readonly string[]) =>
  rig
    .run("nix-store", ["--query", "--hash", ...paths])
    .toString()
    .trim()
    .split("\n");

test("builtin:fetchurl makes what real Nix makes, and takes further places", needsBuilds, async () => {
  using ours = temporaryFolder();
  using theirs = temporaryFolder();
  const content = Buffer.from("#!/bin/sh\necho fetched\n");
  const file = join(ours.path, "content");
  writeFileSync(file, content);
  const nar = execFileSync("nix-store", ["--dump", file]);
  const xz = execFileSync("xz", ["-c"], { input: nar });
  const served: Readonly<Record<string, Buffer>> = { "/content": content, "/nar": nar, "/nar.xz": xz };
  await using server = await serve((request, response) => {
    const body = served[request.url ?? ""];
    if (body === undefined) response.writeHead(404).end();
    else whole(body)(request, response);
  });
  const sha = formatHash(hashBytes("sha256", content), "base16");
  const tree = formatHash(hashBytes("sha256", nar), "base16");
  const fetch = (name: string, attrs: string) =>
    `(derivation { name = "${name}"; system = "builtin"; builder = "builtin:fetchurl"; outputHashAlgo = "sha256"; ${attrs} })`;
  const flat = `outputHashMode = "flat"; outputHash = "${sha}";`;
  const recursive = `outputHashMode = "recursive"; outputHash = "${tree}";`;
  const expression = `[
    ${fetch("flat", `url = "${server.url}content"; ${flat}`)}
    ${fetch("unpacked", `url = "${server.url}nar"; unpack = true; ${recursive}`)}
    ${fetch("unxz", `url = "${server.url}nar.xz"; unpack = true; ${recursive}`)}
  ]`;
  const rig = buildRig(ours.path);
  const peer = buildRig(theirs.path);
  const derivations = rig.instantiate(expression);
  peer.instantiate(expression);
  const { code, stdout, stderr } = await realise(rig, ...derivations);
  assert.equal(code, 0, stderr);
  const paths = stdout.trim().split("\n");
  await promisify(execFile)("nix-store", ["--realise", ...derivations], { env: peer.env });
  assert.deepEqual(hashes(rig, paths), hashes(peer, paths));

  const [places = "", wrong = "", open = ""] = rig.instantiate(`[
    ${fetch("places", `url = "${server.url}a"; urls = [ "${server.url}a" "${server.url}content" ]; ${flat}`)}
    ${fetch("wrong", `url = "${server.url}nar"; ${flat}`)}
    (derivation { name = "open"; system = "builtin"; builder = "builtin:fetchurl"; url = "${server.url}open"; }) ]`);
  const fetched = await realise(rig, places);
  assert.equal(fetched.code, 0, fetched.stderr);
  assert.deepEqual(readFileSync(join(rig.root, fetched.stdout.trim())), content);
  assert.deepEqual(server.requests.slice(-2), ["/a", "/content"]);

  const mismatch = await realise(rig, wrong);
  assert.match(
    mismatch.stderr,
    /\nerror\[build-failed\]: the builder builtin:fetchurl of .*-wrong\.drv failed\n {2}because\[fetch-mismatch\]: /,
  );
  assert.equal(mismatch.code, 100);
  const refused = await realise(rig, open);
  assert.match(
    refused.stderr,
    /because\[build-bad-attribute\]: .*-open\.drv fetches something, and its output is not fixed/,
  );
  assert.ok(!server.requests.includes("/open"));
  rig.run("nix-store", ["--verify", "--check-contents"]);
});

test("builtin:unpack-channel and builtin:buildenv make what real Nix makes", needsBuilds, async () => {
  using ours = temporaryFolder();
  using theirs = temporaryFolder();
  const top = join(ours.path, "channel-1");
  mkdirSync(join(top, "sub"), { recursive: true });
  writeFileSync(join(top, "sub/file"), "x");
  symlinkSync("sub/file", join(top, "link"));
  execFileSync("tar", ["-C", ours.path, "-czf", join(ours.path, "channel.tgz"), "channel-1"]);
  const pack = (name: string, script: string) =>
    `(sh "busybox mkdir -p $out/bin $out/share; ${script}" { name = "${name}"; })`;
  const expression = `
    let
      lib = ${pack("lib", "echo lib > $out/bin/lib; echo low > $out/bin/both; busybox mkdir $out/only; echo > $out/only/.hidden")};
      late = ${pack("late", "echo late > $out/share/late; echo low > $out/bin/both")};
      app = ${pack("app", "echo app > $out/bin/app; echo high > $out/bin/both; busybox mkdir -p $out/nix-support $out/info; echo > $out/info/dir; echo ${late} > $out/nix-support/propagated-user-env-packages; busybox ln -s bin $out/sbin; busybox ln -s nowhere $out/dangling; busybox ln -s ${lib}/only $out/only")};
      file = sh "echo > $out" { name = "file"; };
    in [
      (derivation { name = "channel"; system = "builtin"; builder = "builtin:unpack-channel"; channelName = "nixos";
        src = ${join(ours.path, "channel.tgz")}; })
      (derivation { name = "env"; system = "builtin"; builder = "builtin:buildenv"; manifest = "\${lib}";
        derivations = [ "true" "5" "1" app "true" "7" "2" lib file "false" "1" "1" late ]; })
    ]`;
  const rig = buildRig(ours.path);
  const peer = buildRig(theirs.path);
  const derivations = rig.instantiate(expression);
  peer.instantiate(expression);
  const { code, stdout, stderr } = await realise(rig, ...derivations);
  assert.equal(code, 0, stderr);
  const paths = stdout.trim().split("\n");
  peer.run("nix-store", ["--realise", ...derivations]);
  assert.deepEqual(hashes(rig, paths), hashes(peer, paths));
  assert.equal(readFileSync(join(rig.root, paths[0] ?? "", "nixos/link"), "utf8"), "x");
  assert.match(stderr, /env> the link .*dangling leads nowhere, and is left out/);

  // What lies outside of the inputs is not there, neither for them nor for real Nix's.
  mkdirSync(join(ours.path, "leading"));
  symlinkSync(join(ours.path, "channel.tgz"), join(ours.path, "leading/outside"));
  const leading = (src: string) =>
    `(derivation { name = "leading"; system = "builtin"; builder = "builtin:unpack-channel"; channelName = "x"; src = "\${${join(ours.path, "leading")}}/${src}"; })`;
  const outside = rig.instantiate(
    `[ ${leading("outside")} ${leading("../../../../channel.tgz")} ${leading("none")} ]`,
  );
  for (const derivation of outside) {
    assert.match(
      (await realise(rig, derivation)).stderr,
      /because\[builtin-variable\]: the path \/nix\/store\/\S+ is not there for the builder of /,
    );
    assert.throws(() => rig.run("nix-store", ["--realise", derivation]), /open archive/);
  }

  const [collide = "", unknown = ""] = rig.instantiate(`
    let one = ${pack("one", "echo 1 > $out/bin/x")}; two = ${pack("two", "echo 2 > $out/bin/x")}; in [
      (derivation { name = "collide"; system = "builtin"; builder = "builtin:buildenv"; manifest = "/";
        derivations = [ "true" "5" "2" one two ]; })
      (derivation { name = "unknown"; system = "builtin"; builder = "builtin:nothing"; }) ]`);
  const collided = await realise(rig, collide);
  assert.match(
    collided.stderr,
    /because\[build-collision\]: .*-one\/bin\/x.* and .*-two\/bin\/x.* come to one place, and both have the priority 5/,
  );
  assert.match(
    (await realise(rig, unknown)).stderr,
    /error\[build-unsupported\]: .* is built by builtin:nothing, which there is not/,
  );
  rig.run("nix-store", ["--verify", "--check-contents"]);
});
