import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { cleave, type Outcome, type RunOptions, repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { broken, ranged, serve, status, whole } from "../support/serve.ts";
import { temporaryFolder } from "../support/temp.ts";

const hello = Buffer.from("hello\n");
const sri = `sha256-${createHash("sha256").update(hello).digest("base64")}`;

const storeRoot = temporaryFolder();
after(() => storeRoot[Symbol.dispose]());

/** Run `cleave fetch`, with a store of this file's own. */
function runFetch(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return cleave(["fetch", ...args], { ...options, env: { CLEAVE_ROOT: storeRoot.path, ...options.env } });
}

test("cleave fetch prints hash and store path, and keeps the file where it is told", async () => {
  await using server = await serve(whole(hello));
  using temp = temporaryFolder();
  const path = "/nix/store/gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt";
  const outcome = await runFetch([`${server.url}a/hello.txt`], { cwd: temp.path });
  assert.deepEqual(outcome, { code: 0, stdout: `${sri}\n${path}\n`, stderr: "" });
  assert.deepEqual(readdirSync(temp.path), []);
  assert.deepEqual(
    await runFetch(["--json", "--hash", sri, "-o", "kept file", `${server.url}a/hello.txt`], {
      cwd: temp.path,
    }),
    { code: 0, stdout: `${JSON.stringify({ hash: sri, storePath: path })}\n`, stderr: "" },
  );
  assert.deepEqual(readFileSync(join(temp.path, "kept file")), hello);
});

test("the answer is that of nix store prefetch-file", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  for (const name of ["plain.txt", "name?with=query"]) {
    const url = `file://${temp.path}/${name}`;
    writeFileSync(join(temp.path, name.replace(/\?.*/, "")), hello);
    assert.equal(
      (await runFetch(["--json", url])).stdout.trim(),
      nix.run("nix", ["store", "prefetch-file", "--json", url]).toString().trim(),
    );
  }
  const url = `file://${temp.path}/plain.txt`;
  const sha512 = `sha512-${createHash("sha512").update(hello).digest("base64")}`;
  assert.equal(
    (await runFetch(["--json", "--hash", sha512, "--name", "other", url])).stdout.trim(),
    nix
      .run("nix", ["store", "prefetch-file", "--json", "--hash-type", "sha512", "--name", "other", url])
      .toString()
      .trim(),
  );
});

test("a mirror of the mirrors file, and a broken connection on the way", async () => {
  const headers = { etag: '"v1"' };
  await using server = await serve(status(404), broken(hello, 3, headers), ranged(hello, headers));
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "cleave"));
  writeFileSync(
    join(temp.path, "cleave/mirrors.json"),
    JSON.stringify({ mine: [`${server.url}one`, `${server.url}two`] }),
  );
  const outcome = await runFetch(["--no-store", "--hash", sri, "mirror://mine/hello.txt"], {
    env: { XDG_CONFIG_HOME: temp.path },
  });
  assert.equal(outcome.stdout.split("\n")[0], sri);
  assert.match(
    outcome.stderr,
    /^warning: http:\S+\/two\/hello.txt cannot be fetched: .*; trying again in 0\.\d s\n$/,
  );
  assert.deepEqual(
    server.requests.map((request) => request.split(" ")[0]),
    ["/one/hello.txt", "/two/hello.txt", "/two/hello.txt"],
  );
});

test("a wrong hash leaves what was there", async () => {
  await using server = await serve(whole(Buffer.from("other\n")));
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "kept"), "before");
  const outcome = await runFetch(["--hash", sri, "-o", "kept", `${server.url}hello`], {
    cwd: temp.path,
  });
  assert.deepEqual(outcome, {
    code: 1,
    stdout: "",
    stderr:
      `error[fetch-mismatch]: ${server.url}hello has other content than hello should have: expected ${sri}, ` +
      "got sha256-fk+i64x6wIlznV3vxEifrWihANkggso1xrQKRSSCH4c=\n" +
      "  hint: if the new content is what you want, write its hash where the old one stands\n" +
      "  more: cleave explain fetch-mismatch\n",
  });
  assert.deepEqual(readdirSync(temp.path), ["kept"]);
  assert.equal(readFileSync(join(temp.path, "kept"), "utf8"), "before");
});

test("a server that stalls is given up after the time that was given", async () => {
  await using server = await serve(() => {});
  const outcome = await runFetch(["--tries", "1", "--stalled-timeout", "0.1", `${server.url}hello`]);
  assert.deepEqual(outcome, {
    code: 1,
    stdout: "",
    stderr:
      `error[fetch-connection]: ${server.url}hello cannot be fetched: no byte for 0.1 s\n` +
      "  hint: try again later, or name another URL\n" +
      "  more: cleave explain fetch-connection\n",
  });
});

test("an interrupt leaves nothing and exits with 130", async () => {
  using temp = temporaryFolder();
  let seen = () => {};
  const asked = new Promise<void>((resolve) => {
    seen = resolve;
  });
  await using server = await serve((_, response) => response.writeHead(200).write(hello, () => seen()));
  const child = spawn(
    join(repository, "cleave"),
    ["fetch", "--no-store", "-o", "file", `${server.url}hello`],
    {
      cwd: temp.path,
      stdio: "inherit",
    },
  );
  const ended = new Promise((resolve) => child.on("close", (code) => resolve(code)));
  await asked;
  child.kill("SIGINT");
  assert.equal(await ended, 130);
  assert.deepEqual(readdirSync(temp.path), []);
});

test("a URL without a name, and a number that is none", async () => {
  assert.deepEqual(await runFetch(["https://host.example/"]), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-usage]: the URL https://host.example/ does not end with a name for a store path\n" +
      '  because[store-path-malformed]: "" is no name for a store path: it has an empty name\n' +
      "  hint: give one with --name NAME\n" +
      "  more: cleave explain cli-usage\n",
  });
  for (const [option, wrong, wanted] of [
    ["--tries", "many", "a whole number from 1 to 1000000000000000"],
    ["--stalled-timeout", "99999999999", "a number of seconds above 0 and up to 1000000"],
    ["--connect-timeout", "0", "a number of seconds above 0 and up to 1000000"],
  ] as const)
    assert.deepEqual(await runFetch([option, wrong, "https://host.example/a"]), {
      code: 2,
      stdout: "",
      stderr: `error[cli-usage]: ${option} takes ${wanted}, not ${wrong}\n  more: cleave explain cli-usage\n`,
    });
});

test("a hash and a name that are none are wrong usage", async () => {
  for (const [option, wrong, message] of [
    ["--hash", "md4:00", "the hash md4:00 names the algorithm md4, which there is not"],
    ["--name", "a b", '"a b" is no name for a store path: it has " " in its name'],
  ] as const) {
    const { code, stderr } = await runFetch([option, wrong, "https://host.example/a"]);
    assert.deepEqual([code, stderr.split("\n")[0]], [2, `error[cli-usage]: ${option}: ${message}`]);
  }
});

test("the file is in the store, and not fetched again with its hash", needsNix, async () => {
  await using server = await serve(whole(hello), status(404));
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const env = { CLEAVE_ROOT: nix.root };
  const outcome = await runFetch([`${server.url}hello.txt`], { env });
  const path = "/nix/store/gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt";
  assert.deepEqual(outcome, { code: 0, stdout: `${sri}\n${path}\n`, stderr: "" });
  assert.deepEqual(readFileSync(join(nix.root, path)), hello);
  nix.run("nix-store", ["--verify", "--check-contents"]);
  const [info] = JSON.parse(nix.run("nix", ["path-info", "--json", path]).toString());
  assert.equal(info.ca, "fixed:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq");
  assert.deepEqual(await runFetch(["--hash", sri, `${server.url}hello.txt`], { env }), outcome);
  assert.deepEqual(server.requests, ["/hello.txt"]);
});

test("--no-store needs no store", async () => {
  await using server = await serve(whole(hello));
  const env = { CLEAVE_ROOT: "/dev/null/nowhere" };
  assert.equal((await runFetch(["--no-store", `${server.url}hello.txt`], { env })).code, 0);
});

test("a destination where no file can be is refused before anything is fetched", async () => {
  await using server = await serve(whole(hello));
  using temp = temporaryFolder();
  execFileSync("mkfifo", [join(temp.path, "pipe")]);
  const fetchTo = (output: string) => runFetch(["-o", output, `${server.url}hello.txt`], { cwd: temp.path });
  for (const [output, kind] of [
    [temp.path, "a folder"],
    [join(temp.path, "pipe"), "a pipe or a device"],
  ] as const)
    assert.deepEqual(await fetchTo(output), {
      code: 1,
      stdout: "",
      stderr:
        `error[fetch-destination]: ${output} is ${kind}, where a file is to be written\n` +
        "  hint: name a file, which need not be there yet\n" +
        "  more: cleave explain fetch-destination\n",
    });
  assert.deepEqual(await fetchTo(""), {
    code: 2,
    stdout: "",
    stderr: "error[cli-usage]: --output names no file\n  more: cleave explain cli-usage\n",
  });
  assert.deepEqual(server.requests, []);
});
