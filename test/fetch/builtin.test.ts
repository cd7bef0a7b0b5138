import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { builtins, makeFetcher } from "../../src/fetch/index.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { serve, status, whole } from "../support/serve.ts";
import { temporaryFolder } from "../support/temp.ts";

const machine = {
  env: {},
  home: "/nonexistent",
  cwd: "/",
  read: () => undefined,
  list: () => [],
  npmRegistry: () => undefined,
};

const execute = promisify(execFile);

/** Run a builtin builder with its store in a folder. */
async function run(folder: string, builder: string, env: Readonly<Record<string, string>>): Promise<void> {
  await builtins.get(builder)?.({
    env: new Map(Object.entries(env)),
    realPath: (path) => path.replace("/nix/store", folder),
    fetcher: makeFetcher({ emit: () => {}, machine, tries: 1 }),
    emit: () => {},
  });
}

test("what builtin:fetchurl makes is what real Nix makes", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  mkdirSync(join(temp.path, "tree"));
  writeFileSync(join(temp.path, "tree/tool"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(temp.path, "tree.nar"), nix.run("nix-store", ["--dump", join(temp.path, "tree")]));
  writeFileSync(join(temp.path, "tool.nar"), nix.run("nix-store", ["--dump", join(temp.path, "tree/tool")]));
  execFileSync("xz", ["--keep", "tree.nar"], { cwd: temp.path });
  const sha256 = (name: string) =>
    createHash("sha256")
      .update(readFileSync(join(temp.path, name)))
      .digest("hex");
  const recursive = (name: string) => ({
    outputHash: sha256(name),
    outputHashAlgo: "sha256",
    outputHashMode: "recursive",
  });
  // Real Nix builds in a sandbox, where this folder is not.
  await using server = await serve((request, response) => {
    response.end(readFileSync(join(temp.path, request.url ?? "")));
  });
  for (const [name, variables] of Object.entries({
    "tree.nar": { outputHash: sha256("tree.nar"), outputHashAlgo: "sha256", outputHashMode: "flat" },
    "tree/tool": { executable: "1", ...recursive("tool.nar") },
    "./tree.nar": { unpack: "1", ...recursive("tree.nar") },
    "tree.nar.xz": { unpack: "1", ...recursive("tree.nar") },
    "tool.nar": { unpack: "1", executable: "1", ...recursive("tool.nar") },
  })) {
    const env = { name: "n", url: server.url + name, ...variables };
    const attributes = Object.entries(env).map(([key, value]) => `${key} = "${value}";`);
    const expression = `derivation { builder = "builtin:fetchurl"; system = "builtin"; ${attributes.join(" ")} }`;
    const { stdout } = await execute("nix-build", ["--no-out-link", "--expr", expression], { env: nix.env });
    const built = stdout.trim();
    await run(temp.path, "builtin:fetchurl", { ...env, out: "/nix/store/out" });
    assert.equal(
      nix.run("nix-hash", ["--type", "sha256", join(temp.path, "out")]).toString(),
      nix.run("nix-hash", ["--type", "sha256", nix.root + built]).toString(),
      name,
    );
    rmSync(join(temp.path, "out"), { recursive: true });
    nix.run("nix-store", ["--delete", built]);
  }
});

test("builtin:fetchurl tries further URLs, checks a flat hash, and leaves nothing", async () => {
  await using none = await serve(status(404));
  await using right = await serve(whole(Buffer.from("hello\n")));
  using temp = temporaryFolder();
  const env = {
    name: "hello",
    url: `${none.url}a`,
    urls: `${none.url}a  ${right.url}b`,
    out: "/nix/store/out",
    outputHash: createHash("sha256").update("hello\n").digest("hex"),
    outputHashAlgo: "sha256",
    executable: "1",
  };
  await run(temp.path, "builtin:fetchurl", env);
  assert.equal(readFileSync(join(temp.path, "out"), "utf8"), "hello\n");
  assert.equal(statSync(join(temp.path, "out")).mode & 0o777, 0o755);
  assert.deepEqual([none.requests, right.requests], [["/a"], ["/b"]]);
  rmSync(join(temp.path, "out"));
  const fails = (changed: Readonly<Record<string, string>>, code: string) =>
    assert.rejects(
      run(temp.path, "builtin:fetchurl", { ...env, ...changed }),
      (error) => error instanceof CleaveError && error.code === code,
    );
  await fails({ outputHash: "0".repeat(64) }, "fetch-mismatch");
  await fails({ unpack: "1" }, "nar-malformed");
  assert.deepEqual(readdirSync(temp.path), []);
});

test("a variable that is missing", async () => {
  for (const [builder, variable] of [
    ["builtin:fetchurl", "url"],
    ["builtin:unpack-channel", "src"],
  ] as const)
    await assert.rejects(run("/", builder, { name: "n" }), (error) => {
      assert.ok(error instanceof CleaveError);
      assert.equal(
        describeError(error),
        `error[builtin-variable]: the derivation n lacks the variable ${variable}, which its builtin builder needs\n` +
          `  hint: add ${variable} to the derivation's attributes; structured ones do not count here\n` +
          "  more: cleave explain builtin-variable\n",
      );
      return true;
    });
});

test("builtin:unpack-channel", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "some-1.0"));
  execFileSync("tar", ["--create", "--gzip", "--file=src", "some-1.0"], { cwd: temp.path });
  await run(temp.path, "builtin:unpack-channel", {
    src: "/nix/store/src",
    channelName: "some",
    out: "/nix/store/out",
  });
  assert.deepEqual(readdirSync(join(temp.path, "out")), ["some"]);
});
