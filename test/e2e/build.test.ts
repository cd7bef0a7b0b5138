import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needsTools } from "../support/bootstrapped.ts";
import { repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { quickStore, recipes } from "../support/quick-store.ts";
import { writeFiles } from "../support/recipes.ts";

test("a package is built and checked, and built again only where something changed", needsTools, async () => {
  using at = await quickStore();
  const first = await at.set("build", "mini", "--jobs", "1");
  assert.deepEqual([first.code, first.stdout], [0, "/nix/store/…-mini-1\n"]);
  // The next builder starts while the outputs of the one before are taken, so ends and starts may change places.
  assert.deepEqual(
    first.stderr.split("\n").sort(),
    [
      "3 derivations to build",
      "building /nix/store/…-mini-1-state-make.drv",
      "mini-1-state-make: make",
      "mini-1-state-make> made",
      "built mini-1-state-make in N s",
      "building /nix/store/…-mini-1-check.drv",
      "mini-1-check: check",
      "mini-1-check> checked",
      "built mini-1-check in N s",
      "building /nix/store/…-mini-1.drv",
      "mini-1: install",
      "built mini-1 in N s",
      "",
    ].sort(),
  );
  assert.ok(readlinkSync(join(at.path, "result")).startsWith(`${at.root}/nix/store/`));
  const result = readlinkSync(join(at.path, "result")).slice(at.root.length);
  assert.equal(readFileSync(join(at.path, "result/a.txt"), "utf8"), `made for ${result}\n`);
  assert.deepEqual(await at.set("build", "mini"), { ...first, stderr: "" });

  // An edit in install starts from the state before it.
  const installed = await at.set("build", "mini", "--no-link", "--set", "mini.installed=b.txt");
  assert.equal(
    installed.stderr,
    "1 derivation to build\nbuilding /nix/store/…-mini-1.drv\nmini-1: install\nbuilt mini-1 in N s\n",
  );
  // One in check runs it alone, and moves no path.
  const checked = await at.run(
    "build",
    "--folder",
    join(import.meta.dirname, "fixtures/set"),
    "mini",
    "--no-link",
    "--set",
    "mini.checked=for",
  );
  assert.equal(checked.stdout, `${result}\n`);
  assert.match(checked.stderr, /^1 derivation to build\nbuilding \S+-mini-1-check\.drv\n/);
});

test(
  "where a check fails nothing is published; without checks the outputs are the same",
  needsTools,
  async () => {
    using at = await quickStore();
    const options = [
      "mini",
      "--no-link",
      "--keep-going",
      "--jobs",
      "1",
      "--set",
      "mini.checked=nothing of it",
    ];
    const failed = await at.set("build", ...options);
    assert.deepEqual([failed.code, failed.stdout], [100, ""]);
    assert.match(
      failed.stderr,
      /error\[build-failed\]: the builder of \/nix\/store\/…-mini-1-check\.drv failed with exit code 1 in the phase check; it said last:\n/,
    );
    assert.match(failed.stderr, /a\.txt does not say nothing of it\n/);
    assert.match(
      failed.stderr,
      /error\[build-gate\]: the outputs of \/nix\/store\/…-mini-1\.drv were made, and are not published because \/nix\/store\/…-mini-1-check\.drv failed\n {2}hint: mend what failed; cleave build --no-check publishes without it\n/,
    );
    assert.ok(!readdirSync(join(at.root, "nix/store")).some((name) => name.endsWith("-mini-1")));
    // What failed has a log like any other; a folder that is called like the package is no path in the store.
    mkdirSync(join(at.path, "mini"));
    const log = await at.set("log", "mini", "--phase", "check", ...options.slice(5));
    assert.deepEqual([log.code, log.stderr], [0, ""]);
    assert.match(log.stdout, /a\.txt does not say nothing of it\n/);

    // What the check started from is not made again.
    const unchecked = await at.set("build", "--no-check", ...options);
    assert.equal(unchecked.code, 0);
    assert.equal(
      unchecked.stderr,
      "1 derivation to build\nbuilding /nix/store/…-mini-1.drv\nmini-1: install\nbuilt mini-1 in N s\n",
    );
    // It is remembered that nobody checked them; and what passed, even by a process that could not say so any more.
    const passed = join(at.root, "nix/var/cleave/passed");
    assert.equal((await at.set("build", "mini", "--no-link")).code, 0);
    const names = readdirSync(passed);
    rmSync(passed, { recursive: true });
    assert.equal((await at.set("build", "mini", "--no-link")).stderr, "");
    assert.deepEqual(readdirSync(passed), names);
    const again = await at.set("build", ...options);
    assert.equal(again.code, 100);
    const whole = await at.set("log", "mini", ...options.slice(5));
    assert.deepEqual(whole.stdout.match(/── .*/g), ["── make", "── install", "── check"]);
    assert.match(again.stderr, /^1 derivation to build\nbuilding \/nix\/store\/…-mini-1-check\.drv\n/);
  },
);

test("where the link cannot be made, what was built is there", needsTools, async () => {
  using at = await quickStore();
  writeFileSync(join(at.path, "file"), "");
  const { code, stdout, stderr } = await at.set("build", "mini", "--no-check", "--out-link", "file/result");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    /error\[file-failed\]: cannot make the link: not a directory\n {2}at \S+\/file\/result\n {2}hint: what was built is there; --out-link names another place for the link, --no-link makes none\n/,
  );
  assert.equal((await at.set("build", "mini", "--no-check", "--no-link")).stderr, "");
});

test("any partition makes the same outputs, and --json says which groups ran", needsTools, async () => {
  using at = await quickStore();
  const built = await at.set("build", "mini", "--no-link", "--no-check", "--partition", "split", "--json");
  const groups = ({ stdout }: { readonly stdout: string }) =>
    JSON.parse(stdout).packages[0].groups.map((group: { phases: string[]; ran: boolean }) => [
      group.phases,
      group.ran,
    ]);
  assert.deepEqual(groups(built), [
    [["make"], true],
    [["install"], true],
  ]);
  // So it is where something needs the same package for other target platforms.
  writeFiles(join(at.path, "recipes/user"), {
    "package.ts": `import { uses } from "cleave/modules";
import { script } from "cleave/recipe";
import { quickjs } from "cleave/stdenv";

export default uses(quickjs).package("user", ({ define }) =>
  define({ name: "user", version: "1", tools: { mini: "mini" }, phases: { install: { script: () => script("install.ts") } } }),
);
`,
    "install.ts": `import { definePhase } from "cleave/phase";

export default definePhase((phase) => phase.write(phase.output(), "used"));
`,
  });
  const both = await at.set(
    ...["build", "--folder", "recipes", "mini", "cross.aarch64-linux.user", "--set", "mini.installed=c.txt"],
    ...["--no-link", "--no-check", "--partition", "split", "--json"],
  );
  assert.deepEqual(
    JSON.parse(both.stdout).packages.map((each: { groups: { ran: boolean }[] }) =>
      each.groups.map(({ ran }) => ran),
    ),
    [[false, true], [true]],
    both.stderr,
  );
  // The state after make is there, and is used.
  assert.doesNotMatch(both.stderr, /mini-1: make\n/);
  // What somebody asked for is called as they called it.
  const named = await at.set("build", "cross.x86_64-linux.mini", "--no-link", "--json");
  assert.equal(JSON.parse(named.stdout).packages[0].attribute, "cross.x86_64-linux.mini");
  for (const [partition, expected] of [
    ["joined", [[["make", "install"], true]]],
    [
      "split",
      [
        [["make"], true],
        [["install"], true],
      ],
    ],
    [
      "after=make",
      [
        [["make"], true],
        [["install"], true],
      ],
    ],
  ] as const) {
    const again = await at.set("build", "mini", "--no-link", "--check", "--partition", partition, "--json");
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(groups(again), expected, partition);
  }
});

test("what a phase leaves behind reaches no other, joined or split", needsTools, async () => {
  using at = await quickStore();
  const { code, stdout, stderr } = await at.run(
    "build",
    "--folder",
    join(import.meta.dirname, "fixtures/set"),
    "leaky",
    "--no-link",
  );
  assert.equal(code, 0, stderr);
  const output = join(at.root, stdout.trim());
  const base = Date.UTC(1980, 0, 2);
  const expected = `seen: \n${["young", "old", "kept", "empty", "empty/folder"].map((name) => `${name} ${base}\n`).join("")}`;
  for (const phase of ["look", "again"]) assert.equal(readFileSync(join(output, phase), "utf8"), expected);
  const again = await at.set("build", "leaky", "--no-link", "--check", "--partition", "split");
  assert.equal(again.code, 0, again.stderr);
});

test("a result is checked by its schema, and read by the phase that names it", needsTools, async () => {
  using at = await quickStore();
  const { stdout } = await at.run(
    "build",
    "--folder",
    join(import.meta.dirname, "fixtures/set"),
    "results",
    "--no-link",
  );
  assert.deepEqual(JSON.parse(readFileSync(join(at.root, stdout.trim()), "utf8")), { find: { answer: 42 } });
  const wrong = await at.set("build", "results", "--no-link", "--set", 'results.reported="many"');
  assert.equal(wrong.code, 100);
  assert.match(wrong.stderr, /the result of the phase find .*answer/);
});

test("a failing phase names package, phase, command, and how to see more", needsTools, async () => {
  using at = await quickStore();
  const { code, stdout, stderr } = await at.set("build", "failing", "--no-link", "--keep-failed");
  assert.deepEqual([code, stdout], [100, ""]);
  const kept = /the build folder of \S+ is kept at (\S+)/.exec(stderr)?.[1] ?? "";
  assert.ok(existsSync(join(kept, "work/fail.js")), stderr);
  assert.match(
    stderr,
    /error\[build-failed\]: the builder of \/nix\/store\/…-failing-1\.drv failed with exit code 1 in the phase build; it said last:\n/,
  );
  assert.match(stderr, / {4}it went wrong\n/);
  assert.match(
    stderr,
    / {6}command: \/nix\/store\/…-quickjs-[0-9.]+\/bin\/qjs fail\.js\n {6}at build\.ts:4:\d+\n/,
  );
  assert.match(stderr, / {2}hint: cleave log \/nix\/store\/…-failing-1\.drv shows all of it; /);
  const log = await at.set("log", "failing", "--phase", "build");
  assert.equal(log.code, 0, log.stderr);
  assert.match(log.stdout, /it went wrong\n/);
  const other = await at.set("log", "failing", "--phase", "install");
  assert.deepEqual(
    [other.code, other.stdout, other.stderr.split("\n")[0]],
    [1, "", "error[build-no-log]: there is no log of a phase install of failing"],
  );
});

test("packages are listed, searched and shown without being built", needsTools, async () => {
  using at = await quickStore();
  const { stdout } = await at.set("list");
  for (const attribute of ["bootstrap.quickjs", "hello", "leaky", "mini"])
    assert.ok(stdout.split("\n").includes(attribute), attribute);
  assert.deepEqual(await at.set("search", "writes", "file"), {
    code: 0,
    stdout: "mini 1: Writes a file\n",
    stderr: "",
  });
  assert.equal((await at.set("search", "no such words")).code, 1);
  assert.deepEqual(await at.set("show", "mini"), {
    code: 0,
    stdout: [
      "mini 1: Writes a file",
      "  licence     MIT",
      "  derivation  /nix/store/…-mini-1.drv",
      "  output out  /nix/store/…-mini-1",
      "  phases",
      "    make",
      "    └ check, beside what follows",
      "    install",
      "",
    ].join("\n"),
    stderr: "",
  });
  assert.ok(
    !existsSync(join(at.root, "nix/store")) ||
      !readdirSync(join(at.root, "nix/store")).some((name) => name.endsWith("-mini-1")),
  );
});

test("the tree that phases work on is a store path, and can be had in a folder", needsTools, async () => {
  using at = await quickStore();
  const { code, stderr } = await at.set("source", "mini");
  assert.equal(code, 1);
  assert.match(stderr, /^error\[package-no-source\]: mini has neither a phase patch nor a phase unpack/);
});

test("what a source is made with is published only where its checks pass", needsTools, async () => {
  using at = await quickStore();
  writeFiles(join(at.path, "recipes/user"), {
    "package.ts": `import { uses } from "cleave/modules";
import { script } from "cleave/recipe";
import { quickjs } from "cleave/stdenv";

export default uses(quickjs).package("user", ({ define }) =>
  define({ name: "user", version: "1", tools: { mini: "mini" }, phases: { unpack: { script: () => script("unpack.ts") } } }),
);
`,
    "unpack.ts": `import { definePhase } from "cleave/phase";

export default definePhase((phase) => phase.write("a.txt", "written"));
`,
  });
  const source = ["source", "--folder", "recipes", "user", "--to", "tree"] as const;
  const failed = await at.set(...source, "--set", "mini.checked=else");
  assert.equal(failed.code, 100, failed.stderr);
  assert.match(failed.stderr, /error\[build-failed\]: the builder of \S+-mini-1-check\.drv failed/);
  assert.ok(!existsSync(join(at.path, "tree")));
  const { code, stderr } = await at.set(...source);
  assert.equal(code, 0, stderr);
  assert.equal(readFileSync(join(at.path, "tree/a.txt"), "utf8"), "written");
});

test("links to outputs keep them from collectors, until they are gone", {
  skip: needsTools.skip || needsNix.skip,
}, async () => {
  using at = await quickStore();
  assert.equal((await at.set("build", "mini", "--out-link", "first")).code, 0);
  const output = readlinkSync(join(at.path, "first"));
  const inFile = await at.set("build", "mini", "--out-link", "first/a.txt/link");
  assert.equal(inFile.code, 1);
  assert.match(inFile.stderr, /^error\[file-failed\]: cannot make the link: /);
  const gone = () => !existsSync(output);
  const collectByNix = () =>
    execFileSync("nix-store", ["--gc"], {
      env: { ...process.env, NIX_REMOTE: `local?root=${at.root}`, NIX_CONF_DIR: at.path },
      stdio: "ignore",
    });
  assert.equal((await at.run("store", "gc")).code, 0);
  collectByNix();
  assert.ok(!gone());
  // The state is kept for the next edit, too.
  assert.ok(readdirSync(join(at.root, "nix/store")).some((name) => name.endsWith("-mini-1-state-make")));
  assert.equal((await at.set("build", "mini", "--no-link")).stderr, "");
  rmSync(join(at.path, "first"));
  assert.equal((await at.run("store", "gc")).code, 0);
  assert.ok(gone());
});

test(
  "stock Nix builds a package, joined or split, only where its checks pass",
  needsTools.skip === false ? needsNix : needsTools,
  async () => {
    using at = await quickStore();
    const nix = nixIn(at.path);
    const realise = (derivation: string) =>
      spawnSync("nix-store", ["--realise", derivation], {
        env: { ...nix.env, NIX_REMOTE: `local?root=${at.root}` },
        encoding: "utf8",
      });
    for (const partition of ["joined", "split"]) {
      const instantiated = async (...more: string[]) => {
        const { code, stdout, stderr } = await at.run(
          "instantiate",
          "--checked",
          "--partition",
          partition,
          "--folder",
          recipes,
          ...more,
          "mini",
        );
        assert.equal(code, 0, stderr);
        return stdout.trim();
      };
      const passed = realise(await instantiated());
      assert.equal(passed.status, 0, passed.stderr);
      const { outputs, branches } = JSON.parse(readFileSync(join(at.root, passed.stdout.trim()), "utf8"));
      assert.match(outputs.out, /-mini-1$/);
      assert.match(branches.check, /-mini-1-check$/);
      const failed = realise(await instantiated("--set", "mini.checked=nothing of it"));
      assert.notEqual(failed.status, 0);
      assert.match(failed.stderr, /-mini-1-check\.drv' failed/);
    }
  },
);

test("a build that is stopped keeps the states that it has made", needsTools, async () => {
  using at = await quickStore();
  const folder = join(at.path, "recipes");
  mkdirSync(join(folder, "slow"), { recursive: true });
  writeFileSync(
    join(folder, "slow/package.ts"),
    `import { uses } from "cleave/modules";
import { base } from "cleave/package";
import { script } from "cleave/recipe";
import { quickjs } from "cleave/stdenv";
export default uses(base, quickjs).package("slow", ({ define }) =>
  define({ name: "slow", version: "1", phases: {
    first: { script: script("first.ts") }, second: { script: script("second.ts"), after: ["first"] } } }));
`,
  );
  const phase = (body: string) =>
    `import * as os from "os";\nimport { definePhase } from "cleave/phase";\nexport default definePhase((phase) => { ${body} });\n`;
  writeFileSync(join(folder, "slow/first.ts"), phase('phase.write("a", `${typeof os}`);'));
  writeFileSync(join(folder, "slow/second.ts"), phase('phase.log("waiting"); os.sleep(60000);'));
  const child = spawn(
    join(repository, "cleave"),
    ["build", "--no-link", "--partition", "split", "--folder", folder, "slow"],
    {
      cwd: at.path,
      env: { CLEAVE_ROOT: at.root, PATH: process.env["PATH"], HOME: at.path },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  child.stderr.on("data", (chunk: Buffer) => {
    if (chunk.includes("waiting")) child.kill("SIGINT");
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 130);
  assert.deepEqual(
    readdirSync(join(at.root, "nix/var/nix/gcroots/cleave-states")).map((name) => name.slice(33)),
    ["slow-1-state-first"],
  );
  assert.deepEqual(readdirSync(join(at.root, "nix/var/nix/builds")), []);
});
