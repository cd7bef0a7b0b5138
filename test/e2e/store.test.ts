/** The commands on a store, whole. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, cleaveBytes, repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const hello = "/nix/store/nmrmdcw1bfnl35a893n7nyhw4xa5vy08-hello";
const see = "/nix/store/08a1xl15qfdml6p9qgij7jiz4n2hsbr0-see";

/** A folder with a store in it and a way to run cleave there. */
function place() {
  const temp = temporaryFolder();
  const root = join(temp.path, "root");
  const file = (name: string, content: string) => {
    writeFileSync(join(temp.path, name), content);
    return join(temp.path, name);
  };
  const run = (args: readonly string[], input?: string | Uint8Array) =>
    cleave(["store", ...args], {
      cwd: temp.path,
      env: { CLEAVE_ROOT: root },
      ...(input === undefined ? {} : { input }),
    });
  const lines = async (args: readonly string[], input?: string | Uint8Array) => {
    const { code, stdout, stderr } = await run(args, input);
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout;
  };
  return { path: temp.path, root, file, run, lines, [Symbol.dispose]: () => temp[Symbol.dispose]() };
}

test("cleave store root: where it is by the environment, with links resolved, and nothing is made", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "real"));
  symlinkSync("real", join(temp.path, "link"));
  const root = async (env: Record<string, string>) =>
    (await cleave(["store", "root"], { cwd: temp.path, env })).stdout;
  assert.equal(await root({ CLEAVE_ROOT: "/a/b" }), "/a/b\n");
  assert.equal(await root({ CLEAVE_ROOT: "link/new" }), `${temp.path}/real/new\n`);
  assert.equal(await root({ XDG_DATA_HOME: "/data" }), "/data/cleave\n");
  assert.equal(await root({ XDG_DATA_HOME: "not/absolute", HOME: "/home" }), "/home/.local/share/cleave\n");
  assert.equal(await root({ HOME: "/home", CLEAVE_ROOT: "" }), "/home/.local/share/cleave\n");
  assert.deepEqual(await cleave(["store", "info", "x"], { env: { HOME: "" } }), {
    code: 1,
    stdout: "",
    stderr:
      "error[store-no-place]: there is no place for a store: none of CLEAVE_ROOT, XDG_DATA_HOME and HOME is set to a folder\n" +
      "  hint: set CLEAVE_ROOT to the folder where the store shall be\n" +
      "  more: cleave explain store-no-place\n",
  });
  assert.deepEqual(readdirSync(join(temp.path, "real")), []);
});

test("cleave store add: texts, files, trees, NARs, derivations", async () => {
  using at = place();
  at.file("hello", "hello\n");
  at.file("see", `see ${hello}`);
  assert.equal(await at.lines(["add", "--text", "hello"]), `${hello}\n`);
  assert.equal(await at.lines(["add", "--text", "--reference", hello, "see"]), `${see}\n`);
  assert.equal(await at.lines(["add", "--text", "--name", "hello", "-"], "hello\n"), `${hello}\n`);
  assert.equal(
    await at.lines(["add", "--flat", "--algorithm", "md5", "--name", "f", at.file("hi", "hi\n")]),
    "/nix/store/xbimgry92d3nikdz6pinaw4mxg8wh29p-f\n",
  );
  mkdirSync(join(at.path, "tree"));
  at.file("tree/a", "a");
  const tree = (await at.lines(["add", "tree"])).trimEnd();
  assert.equal(readFileSync(join(at.root, tree, "a"), "utf8"), "a");
  assert.equal(await at.lines(["add", "--json", "tree", "tree/"]), `{"paths":["${tree}","${tree}"]}\n`);
  const { stdout: nar } = await cleaveBytes(["nar", "dump", join(at.path, "tree")]);
  assert.equal(await at.lines(["add", "--nar", "--name", "tree", "-"], nar), `${tree}\n`);
  const drv =
    'Derive([("out","/nix/store/5hgvzwwx5zx22k7wb12azvi4zbjqpl4w-x","","")],[],[],"p","b",[],[("out","/nix/store/5hgvzwwx5zx22k7wb12azvi4zbjqpl4w-x")])';
  assert.match(
    (await at.run(["add", "--derivation", "--name", "x.drv", "-"], drv)).stderr,
    /^error\[derivation-invalid\]: the derivation \/nix\/store\/\w+-x\.drv says that its output out is /,
  );
});

test("cleave store info, references, referrers, closure", async () => {
  using at = place();
  at.file("hello", "hello\n");
  at.file("see", `see ${hello}`);
  await at.lines(["add", "--text", "hello"]);
  await at.lines(["add", "--text", "--reference", hello, "see"]);
  symlinkSync(`${see}/below`, join(at.path, "result"));
  symlinkSync("result", join(at.path, "other"));
  const info =
    `StorePath: ${see}\n` +
    "NarHash: sha256:12vlpsylzcx9122qdyk6mwsizxzrvg0ilmwr934bl2gzd4zqvgpp\n" +
    "NarSize: 168\n" +
    "References: nmrmdcw1bfnl35a893n7nyhw4xa5vy08-hello\n" +
    "CA: text:sha256:1376sljz1812p41abbq35h88qk2in0583fgpvfr3sw228isr26wc\n";
  for (const name of [see, `${see}/x`, "result", "./other", join(at.root, see), join(at.path, "result")])
    assert.equal(await at.lines(["info", name]), info);
  const json = JSON.parse(await at.lines(["info", "--json", see, hello]));
  assert.deepEqual(
    json.paths.map(({ registrationTime, ...rest }: Record<string, unknown>) => rest),
    [
      {
        path: see,
        narHash: "sha256-976NP2n/CbrISJlXGsHb+fcfNa9m+oaFCKmzT72+dIs=",
        narSize: 168,
        references: [hello],
        ca: "text:sha256:1376sljz1812p41abbq35h88qk2in0583fgpvfr3sw228isr26wc",
        ultimate: false,
        signatures: [],
      },
      {
        path: hello,
        narHash: "sha256-HDfQGvQL4ugGkd48w99EN3ppmvuxfGjwgJZLL9Bx/BM=",
        narSize: 120,
        references: [],
        ca: "text:sha256:00xyyr3fi8l6hb839bv3f7yb86yjv7xi1cgh1xnhipym4asvb4aq",
        ultimate: false,
        signatures: [],
      },
    ],
  );
  assert.equal(await at.lines(["references", see]), `${hello}\n`);
  assert.equal(await at.lines(["references", hello]), "");
  assert.equal(await at.lines(["referrers", hello, see]), `${see}\n`);
  assert.equal(await at.lines(["closure", see]), `${hello}\n${see}\n`);
  assert.equal(
    await at.lines(["closure", "--referrers", "--json", hello]),
    `{"paths":["${hello}","${see}"]}\n`,
  );
  assert.deepEqual(await at.run(["closure", "/nix/store/00000000000000000000000000000000-no"]), {
    code: 1,
    stdout: "",
    stderr:
      "error[store-invalid-path]: /nix/store/00000000000000000000000000000000-no is not valid in this store\n" +
      "  hint: build or add it first; cleave store root says which store this is\n" +
      "  more: cleave explain store-invalid-path\n",
  });
  assert.deepEqual(await at.run(["references", "hello"]), {
    code: 1,
    stdout: "",
    stderr:
      "error[store-not-in-store]: hello is no path in the store\n" +
      "  hint: name a path like /nix/store/<32 characters>-<name>, or a symlink to one\n" +
      "  more: cleave explain store-not-in-store\n",
  });
});

test("cleave store export and import", async () => {
  using at = place();
  at.file("hello", "hello\n");
  at.file("see", `see ${hello}`);
  await at.lines(["add", "--text", "hello"]);
  await at.lines(["add", "--text", "--reference", hello, "see"]);
  const env = { CLEAVE_ROOT: at.root };
  const { stdout: all } = await cleaveBytes(["store", "export", see], { env });
  const { stdout: only } = await cleaveBytes(["store", "export", "--only", see], { env });
  assert.ok(only.length < all.length);
  const other = { CLEAVE_ROOT: join(at.path, "other") };
  const load = (input: Uint8Array, ...args: string[]) =>
    cleave(["store", "import", ...args], { env: other, input });
  assert.match(
    (await load(only)).stderr,
    /^error\[store-invalid-path\]: .*-see cannot be registered: it refers/,
  );
  assert.deepEqual(await load(all), { code: 0, stdout: `${hello}\n${see}\n`, stderr: "" });
  assert.equal((await load(all, "--json")).stdout, `{"paths":["${hello}","${see}"]}\n`);
  const malformed = async (input: Uint8Array) => (await load(input)).stderr.split("\n").slice(0, 2);
  assert.deepEqual(await malformed(all.subarray(0, 400)), [
    "error[store-export-malformed]: the stream of exported paths ends in the middle",
    '  at "standard input", offset 400',
  ]);
  assert.deepEqual(await malformed(Buffer.from("garbage!")), [
    "error[store-export-malformed]: the stream of exported paths has 2406443243860550000 as what begins a path, which is more than 9007199254740992",
    '  at "standard input", offset 0',
  ]);
  const wrong = Buffer.from(all);
  wrong[8] = 7;
  assert.match((await malformed(wrong))[0] ?? "", /^error\[nar-malformed\]: /);
  chmodSync(join(at.root, hello), 0o644);
  writeFileSync(join(at.root, hello), "HELLO\n");
  assert.match(
    (await cleave(["store", "export", hello], { env })).stderr,
    /^error\[store-hash-mismatch\]: \/nix\/store\/nmrmdcw1bfnl35a893n7nyhw4xa5vy08-hello was modified: it has sha256:/,
  );
});

test("cleave store gc: says what it does in Nix's words, keeps roots, frees no more than asked", async () => {
  using at = place();
  for (const name of ["a", "b", "c"]) at.file(name, `${name}\n`.repeat(1000));
  const paths = (await at.lines(["add", "a", "b", "c"])).trimEnd().split("\n");
  const [a = "", b = "", c = ""] = paths;
  symlinkSync(a, join(at.root, "nix/var/nix/gcroots/mine"));
  assert.equal(await at.lines(["gc", "--print-roots"]), `${at.root}/nix/var/nix/gcroots/mine -> ${a}\n`);
  const finding = "finding garbage collector roots...\n";
  assert.deepEqual(await at.run(["gc", "--print-live"]), { code: 0, stdout: `${a}\n`, stderr: finding });
  assert.deepEqual(await at.run(["gc", "--print-dead", "--json"]), {
    code: 0,
    stdout: `{"paths":["${[b, c].sort().join('","')}"]}\n`,
    stderr: `${finding}determining live/dead paths...\n`,
  });
  const links = "deleting unused links...\nnote: currently hard linking saves 0.00 MiB\n";
  const some = await at.run(["gc", "--max-freed", "1K"]);
  const [, gone = ""] = /^deleting '(.*)'$/m.exec(some.stderr) ?? [];
  assert.deepEqual(some, {
    code: 0,
    stdout: "1 store paths deleted, 0.00 MiB freed\n",
    stderr: `${finding}deleting garbage...\ndeleting '${gone}'\ndeleted more than 1024 bytes; stopping\n${links}`,
  });
  assert.ok([b, c].includes(gone));
  mkdirSync(join(at.root, "nix/store/stray"));
  const other = gone === b ? c : b;
  assert.deepEqual(await at.run(["gc", "--json"]), {
    code: 0,
    stdout: `{"paths":["${[other, "/nix/store/stray"].sort().join('","')}"],"bytesFreed":2000}\n`,
    stderr: `${finding}deleting garbage...\ndeleting '${other}'\ndeleting '/nix/store/stray'\n${links}`,
  });
  assert.deepEqual(await at.run(["gc", "--max-freed", "much"]), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-usage]: --max-freed takes a number of bytes up to 1024T, such as 1048576, 1024K or 1M, not much\n" +
      "  more: cleave explain cli-usage\n",
  });
});

test("cleave store delete and add-root: what is needed stays", async () => {
  using at = place();
  at.file("hello", "hello\n");
  at.file("see", `see ${hello}`);
  await at.lines(["add", "--text", "hello"]);
  await at.lines(["add", "--text", "--reference", hello, "see"]);
  const gcroots = join(at.root, "nix/var/nix/gcroots");
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await at.run(args);
    assert.deepEqual([code, stdout], [1, ""]);
    return stderr;
  };
  const finding = "finding garbage collector roots...\n";
  assert.equal(
    await refused("delete", hello),
    `${finding}error[store-path-alive]: ${hello} cannot be deleted: ${see} needs it\n` +
      "  hint: delete that, too: cleave store delete takes several paths\n" +
      "  more: cleave explain store-path-alive\n",
  );
  assert.equal(await at.lines(["add-root", "result", see]), "");
  assert.equal(await at.lines(["add-root", "result", see]), "");
  assert.equal(readlinkSync(join(at.path, "result")), see);
  assert.equal(await at.lines(["gc", "--print-roots"]), `${at.path}/result -> ${see}\n`);
  const byRoot = `${at.path}/result keeps`;
  assert.equal(
    await refused("delete", hello, see),
    `${finding}error[store-path-alive]: ${hello} cannot be deleted: the garbage collector root ${byRoot} ${see}, which needs it\n` +
      "  hint: remove that root first, or let the process end that has it\n" +
      "  more: cleave explain store-path-alive\n",
  );
  assert.match(await refused("delete", see), new RegExp(`cannot be deleted: .* ${byRoot} it\n`));
  assert.match(
    await refused("add-root", "hello", see),
    /^error\[store-root-occupied\]: .* something else is there\n/,
  );
  assert.match(
    await refused("add-root", "/proc/nowhere/link", see),
    /^error\[file-failed\]: cannot make a link to \S+: no such file or directory\n {2}at \/proc\/nowhere\/link\n/,
  );
  const missing = "/nix/store/00000000000000000000000000000000-no";
  assert.match(await refused("add-root", "other", missing), /^error\[store-invalid-path\]: /);
  assert.match(await refused("delete", missing), /error\[store-invalid-path\]: /);
  assert.equal((await at.run(["add-root", "", see])).code, 2);
  assert.equal((await at.run(["add-root", join(at.root, see, "x"), see])).code, 2);
  rmSync(join(at.path, "result"));
  // Damaged ones go like any other, and so does what is not valid.
  chmodSync(join(at.root, see), 0o644);
  writeFileSync(join(at.root, see), "damaged");
  const stray = "/nix/store/00000000000000000000000000000000-stray";
  mkdirSync(join(at.root, stray));
  const { code, stdout, stderr } = await at.run(["delete", hello, see, stray]);
  assert.deepEqual([code, stdout], [0, "3 store paths deleted, 0.00 MiB freed\n"]);
  assert.deepEqual(stderr.split("\n").slice(1, 5), [
    `removing stale link from '${join(gcroots, "auto", autoName(stderr))}' to '${at.path}/result'`,
    `deleting '${see}'`,
    `deleting '${hello}'`,
    `deleting '${stray}'`,
  ]);
  assert.deepEqual(readdirSync(join(at.root, "nix/store")), [".links"]);
  assert.equal(await at.lines(["add", "--text", "hello"]), `${hello}\n`);
});

function autoName(stderr: string): string {
  return /auto\/(\w+)'/.exec(stderr)?.[1] ?? "";
}

test("Nix law: what store delete refuses, real Nix does", needsNix, async () => {
  using at = place();
  const nix = nixIn(at.path);
  at.file("hello", "hello\n");
  at.file("see", `see ${hello}`);
  const expression =
    'derivation { name = "d"; system = "x"; builder = "/b"; text = builtins.toFile "t" "t"; }';
  const drv = nix.run("nix-instantiate", ["--expr", expression]).toString().trim();
  const [text = ""] = nix.run("nix-store", ["--query", "--references", drv]).toString().trim().split("\n");
  const by = async (...paths: string[]) => [
    (await at.run(["delete", ...paths])).code,
    spawnSync("nix-store", ["--delete", ...paths], { env: nix.env }).status,
  ];
  assert.deepEqual(await by(text), [1, 1]);
  assert.deepEqual((await at.run(["delete", text, drv])).code, 0);
  assert.equal(nix.run("nix-store", ["--gc", "--print-live"]).toString(), "");
});

test("cleave store verify and optimise", async () => {
  using at = place();
  for (const name of ["a", "b"]) at.file(name, "the same");
  const [a = "", b = ""] = (await at.lines(["add", "a", "b"])).trimEnd().split("\n");
  assert.equal(await at.lines(["optimise"]), "0.00 MiB freed by hard-linking 1 files\n");
  assert.equal(await at.lines(["optimise", "--json"]), '{"filesLinked":0,"bytesFreed":0}\n');
  const reading = "reading the Nix store...\nchecking path existence...\n";
  assert.deepEqual(await at.run(["verify"]), { code: 0, stdout: "", stderr: reading });
  execFileSync("rm", [join(at.root, b)]);
  chmodSync(join(at.root, a), 0o644);
  writeFileSync(join(at.root, a), "THE SAME");
  const [link = ""] = readdirSync(join(at.root, "nix/store/.links"));
  const file = join(at.root, "nix/store/.links", link);
  const got = "0jg6ipfcyqx8fy093fwn5l8vbbkzwz7wgyvq1b3rkkh9w4xnbcj5";
  const modified = `path '${a}' was modified! expected hash 'sha256:${link}', got 'sha256:${got}'`;
  const linkModified = `link '${file}' was modified! expected hash '${link}', got '${got}'`;
  assert.deepEqual(await at.run(["verify", "--check-contents", "--json"]), {
    code: 1,
    stdout: `${JSON.stringify({
      faults: [
        { path: file, message: linkModified },
        { path: a, message: modified },
      ],
    })}\n`,
    stderr:
      `${reading}path '${b}' disappeared, removing from database...\n` +
      `checking link hashes...\n${linkModified}\nchecking store hashes...\n${modified}\n` +
      "warning: not all store errors were fixed\n",
  });
  assert.deepEqual(await at.run(["verify", "--check-contents", "--repair"]), {
    code: 1,
    stdout: "",
    stderr:
      `${reading}checking link hashes...\n${linkModified}\nremoved link '${file}'\n` +
      `checking store hashes...\n${modified}\nwarning: not all store errors were fixed\n`,
  });
  assert.ok(!existsSync(file));
});

test("wrong arguments of cleave store", async () => {
  using at = place();
  const refused = async (...args: string[]) => {
    const { code, stderr } = await at.run(args);
    assert.equal(code, 2);
    return stderr.split("\n")[0];
  };
  assert.equal(await refused("add"), "error[cli-usage]: cleave store add takes at least 1 argument, not 0");
  assert.equal(
    await refused("add", "--flat", "--text", "x"),
    "error[cli-usage]: --flat and --text cannot be used together",
  );
  assert.equal(
    await refused("add", "--name", "n", "x", "y"),
    "error[cli-usage]: --name names one file, and there are more",
  );
  assert.equal(
    await refused("add", "--text", "-"),
    "error[cli-usage]: standard input has no name; --name gives one",
  );
  assert.equal(
    await refused("gc", "--print-dead", "--print-live"),
    "error[cli-usage]: --print-live and --print-dead cannot be used together",
  );
  assert.equal(
    await refused("add", "--reference", "foo", "--name", "y", "x"),
    "error[cli-usage]: --reference goes only with --text: nothing else says what it refers to",
  );
  assert.equal(
    await refused("add", "--text", "--algorithm", "md5", "x"),
    "error[cli-usage]: --algorithm does not go with --text, which is always addressed by SHA-256",
  );
  assert.equal(
    await refused("add", "--name", "x", "-"),
    "error[cli-usage]: standard input goes only with --text, --nar and --derivation; a file of that name is ./-",
  );
  assert.equal(
    await refused("gc", "--max-freed", "1", "--print-dead"),
    "error[cli-usage]: --max-freed and --print-dead cannot be used together",
  );
  assert.equal(
    await refused("verify", "--repair"),
    "error[cli-usage]: --repair goes only with --check-contents, which finds what is damaged",
  );
  assert.equal(await refused("gcc"), 'error[cli-unknown-command]: there is no command "store gcc"');
  assert.ok(!existsSync(at.root));
});

test("an empty argument is no file and no path, not the working folder", async () => {
  using at = place();
  assert.deepEqual(await at.run(["add", ""]), {
    code: 1,
    stdout: "",
    stderr:
      'error[file-failed]: cannot read the file: no such file or directory\n  at ""\n' +
      "  more: cleave explain file-failed\n",
  });
  const path = (await at.lines(["add", "--text", at.file("f", "")])).trimEnd();
  const { code, stderr } = await cleave(["store", "info", ""], {
    cwd: join(at.root, path, ".."),
    env: { CLEAVE_ROOT: at.root },
  });
  assert.deepEqual(
    [code, stderr.split("\n")[0]],
    [1, 'error[store-not-in-store]: "" is no path in the store'],
  );
});

test("a place that is not UTF-8 is refused, and no other is taken", () => {
  using temp = temporaryFolder();
  const refused = (script: string) => {
    const { status, stderr } = spawnSync("sh", ["-c", script, repository], {
      cwd: temp.path,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    return stderr.split("\n")[0];
  };
  const message = (variable: string, place: string) =>
    `error[store-no-place]: the place of the store cannot be read from ${variable}: ${temp.path}/${place} is not UTF-8`;
  const odd = "$(printf 'o\\377')";
  assert.equal(refused(`CLEAVE_ROOT=${odd} "$0/cleave" store verify`), message("CLEAVE_ROOT", "o\ufffd"));
  assert.equal(
    refused(`CLEAVE_ROOT= XDG_DATA_HOME="$PWD/${odd}" "$0/cleave" store verify`),
    message("XDG_DATA_HOME", "o\ufffd/cleave"),
  );
  assert.equal(
    refused(`mkdir ${odd}; ln -s ${odd} link; CLEAVE_ROOT=link "$0/cleave" store verify`),
    message("CLEAVE_ROOT", "o").replace(/(\/\S+o) is/, '"$1\\udcff" is'),
  );
  assert.deepEqual(readdirSync(temp.path).length, 2);
});

test("a store can be read by all, whatever the umask", () => {
  using at = place();
  const script = `umask 077; CLEAVE_ROOT="$1" "$0/cleave" store add --text "$2"`;
  const args = ["-c", script, repository, at.root, at.file("f", "")];
  assert.equal(spawnSync("sh", args).status, 0);
  for (const folder of ["", "nix/store", "nix/store/.links", "nix/var/nix/db", "nix/var/nix/gcroots"])
    assert.equal(statSync(join(at.root, folder)).mode & 0o777, 0o755, folder);
});

test("real Nix reads what the commands wrote, and the commands what real Nix wrote", needsNix, async () => {
  using at = place();
  const nix = nixIn(at.path);
  at.file("f", "content");
  const path = (await at.lines(["add", "f"])).trimEnd();
  assert.equal(nix.run("nix-store", ["--add", "f"]).toString(), `${path}\n`);
  assert.equal(
    nix.run("nix-store", ["--query", "--hash", path]).toString().trim(),
    (await at.lines(["info", path])).match(/NarHash: (.*)/)?.[1],
  );
  at.file("g", "other");
  const other = nix.run("nix-store", ["--add", "g"]).toString();
  assert.equal(await at.lines(["closure", other.trim()]), other);
});
