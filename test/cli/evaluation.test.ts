/** The commands that evaluate and explain: whole outputs. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleave, type Outcome, repository } from "../support/cleave.ts";
import { writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

const files = {
  "packages/lib/package.ts": `import { uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";

export default uses(rawDerivation).package("lib", ({ define }) =>
  define({ name: "lib", version: "1", builder: "/bin/sh", args: ["-c", "make lib"] }),
);
`,
  "packages/app/package.ts": `import { uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";
import { optimise } from "../../lib/flags.ts";

export default uses(rawDerivation).package("app", ({ config, define }) =>
  define({
    name: "app",
    version: "2",
    builder: "/bin/sh",
    libraries: { lib: "lib" },
    env: { FLAGS: () => \`\${optimise} \${config.version}\`, LIB: () => String(config.inputs.libraries["lib"]?.path) },
    meta: { description: "An application", license: ["MIT"] },
  }),
);
`,
  "lib/flags.ts": 'export const optimise = "-O2";\n',
};

/** Run a command on the set, with a store and a cache of its own. */
async function onSet(folder: string, ...args: readonly string[]): Promise<Outcome> {
  const [command = "", ...rest] = args;
  return await cleave([command, "--folder", join(folder, "set"), ...rest], {
    cwd: folder,
    env: { CLEAVE_ROOT: join(folder, "store") },
  });
}

function done({ code, stdout, stderr }: Outcome): string {
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout;
}

test("eval-jobs prints a line for each package, wrong ones too, the same from the cache", async () => {
  using temp = temporaryFolder();
  writeFiles(join(temp.path, "set"), {
    ...files,
    "packages/wrong/package.ts": "export default 1;\n",
  });
  const text = done(await onSet(temp.path, "eval-jobs", "app", "wrong", "cross.aarch64-linux.lib"));
  const [app, wrong, cross] = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { drvPath, outputs, inputDrvs, ...rest } = app;
  assert.deepEqual(rest, {
    attr: "app",
    attrPath: ["app"],
    name: "app-2",
    system: process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux",
    meta: { description: "An application", license: [{ spdxId: "MIT" }] },
  });
  assert.match(drvPath, /^\/nix\/store\/.{32}-app-2\.drv$/);
  assert.match(outputs.out, /^\/nix\/store\/.{32}-app-2$/);
  assert.deepEqual(Object.values(inputDrvs), [["out"]]);
  assert.deepEqual(Object.keys(wrong), ["attr", "attrPath", "error"]);
  assert.match(wrong.error, /^error\[recipe-import\]/);
  assert.deepEqual(cross.attrPath, ["cross", "aarch64-linux", "lib"]);
  assert.equal(done(await onSet(temp.path, "eval-jobs", "app", "wrong", "cross.aarch64-linux.lib")), text);

  // Without names, all of the folder, and not what cleave brings.
  const all = done(await onSet(temp.path, "eval-jobs"))
    .trimEnd()
    .split("\n");
  assert.deepEqual(
    all.map((line) => JSON.parse(line).attr),
    ["app", "lib", "wrong"],
  );
});

test("why tells a value's story, and which lines wrote a text", async () => {
  using temp = temporaryFolder();
  writeFiles(join(temp.path, "set"), files);
  const recipe = join(temp.path, "set/packages/app/package.ts");
  assert.match(
    done(await onSet(temp.path, "why", "app", "version")),
    new RegExp(`^version = "2"\n[^]*    used: module app at ${recipe}:8:5, priority 100: "2"\n`),
  );
  assert.equal(
    done(await onSet(temp.path, "why", "app", "--in-drv=-O2")),
    `env.FLAGS = -O2 2\n    defined by module app at ${recipe}:11:12\nderivation FLAGS = -O2 2\n`,
  );
  const none = await onSet(temp.path, "why", "app", "--in-drv", "nothing of it");
  assert.deepEqual(none, {
    code: 1,
    stdout: "",
    stderr: '"nothing of it" is in no option of app, nor in its derivation\n',
  });
  assert.equal((await onSet(temp.path, "why", "app")).code, 2);
});

test("options lists declarations with present values", async () => {
  using temp = temporaryFolder();
  writeFiles(join(temp.path, "set"), files);
  assert.equal(
    done(await onSet(temp.path, "options", "app", "meta.d")),
    'meta.description = "An application"\n  takes string; default ""; of module common\n  What it is, in a few words.\n',
  );
  const json = JSON.parse(done(await onSet(temp.path, "options", "app", "env", "--json")));
  assert.equal(json.options[0].default instanceof Object, true);
  assert.equal(json.options[0].value.FLAGS, "-O2 2");
  assert.match(json.options[0].value.LIB, /^\/nix\/store\/[0-9a-z]{32}-lib-1$/);
  const hint = async (prefix: string) => {
    const { code, stdout, stderr } = await onSet(temp.path, "options", "app", prefix);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      new RegExp(`^error\\[option-unknown\\]: app has no option that starts with ${prefix}\n`),
    );
    return / {2}hint: (.*)/.exec(stderr)?.[1];
  };
  assert.equal(await hint("buidler"), "did you mean builder?");
  assert.equal(await hint("platforms"), "with --all internal and read-only options are listed, too");
  assert.equal(
    await hint("env.FLAGS"),
    "options are listed down to env; cleave why app env.FLAGS looks below it",
  );
});

test("an overlay, a source folder or a budget that cannot be is told before anything is evaluated", async () => {
  using temp = temporaryFolder();
  writeFiles(join(temp.path, "set"), files);
  writeFileSync(join(temp.path, "notes.txt"), "");
  const refused = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await onSet(temp.path, ...args);
    assert.deepEqual([code, stdout], [2, ""]);
    return stderr.split("\n")[0];
  };
  const none = `error[cli-usage]: there is no overlay ${temp.path}/none.ts`;
  assert.equal(await refused("show", "app", "--overlay", "none.ts"), none);
  assert.equal(await refused("diff", "--with", "none.ts"), none);
  assert.equal(
    await refused("show", "app", "--overlay", "notes.txt"),
    `error[cli-usage]: the overlay ${temp.path}/notes.txt is no .ts file`,
  );
  assert.equal(
    await refused("show", "app", "--folder", "notes.txt"),
    `error[cli-usage]: the folder ${temp.path}/notes.txt is a file`,
  );
  assert.equal(
    await refused("show", "app", "--folder", "set/packages/app"),
    `error[cli-usage]: the folder ${temp.path}/set/packages/app is that of one recipe; name the one around it`,
  );
  assert.equal(
    await refused("show", "app", "--folder", "none"),
    `error[cli-usage]: the folder ${temp.path}/none is not there`,
  );
  assert.equal(
    await refused("source", "app", "--to", "none/at/all"),
    `error[cli-usage]: the folder ${temp.path}/none/at, which all is to be in, is not there`,
  );
  assert.equal(await refused("build", "app", "--out-link", ""), "error[cli-usage]: --out-link names no file");
  assert.equal(
    await refused("build", "app", "--out-link", "x", "--no-link"),
    "error[cli-usage]: --out-link does not go with --no-link",
  );
  assert.equal(
    await refused("build", "app", "--partition", "x"),
    "error[partition-unreadable]: x is no partition",
  );
  const long = "x".repeat(300);
  const tooLong = await onSet(temp.path, "show", "app", "--overlay", `${long}.ts`);
  assert.equal(
    tooLong.stderr,
    `error[file-failed]: cannot look there: name too long\n  at ${temp.path}/${long}.ts\n  more: cleave explain file-failed\n`,
  );
  const budget = await onSet(temp.path, "eval", "--write-budget", "none/budget.json", "lib");
  assert.equal(
    budget.stderr,
    `error[file-failed]: cannot write the budget: no such file or directory\n  at ${temp.path}/none/budget.json\n  more: cleave explain file-failed\n`,
  );
});

/** Make a folder a project that depends on cleave. */
function makeProject(folder: string): void {
  writeFiles(folder, {
    ...files,
    "package.json": '{ "dependencies": { "cleave": "*" } }',
    "docs/notes.txt": "",
  });
}

test("the project around the working folder is a source folder, if it depends on cleave", async () => {
  using temp = temporaryFolder();
  const project = join(temp.path, "project");
  makeProject(project);
  const list = async (cwd: string) =>
    await cleave(["list"], { cwd, env: { CLEAVE_ROOT: join(temp.path, "store") } });
  const own = done(await list(temp.path)).split("\n");
  const all = [...own, "app", "lib"].sort();
  assert.deepEqual(
    done(await list(project))
      .split("\n")
      .sort(),
    all,
  );
  assert.deepEqual(
    done(await list(join(project, "packages/app")))
      .split("\n")
      .sort(),
    all,
  );
  writeFiles(project, { "docs/package.json": "{}" });
  assert.deepEqual(done(await list(join(project, "docs"))).split("\n"), own);
  // Without a dependency on cleave it is no project, but what is there is told.
  writeFiles(project, { "package.json": "{}" });
  const { stderr } = await cleave(["show", "app"], {
    cwd: project,
    env: { CLEAVE_ROOT: join(temp.path, "store") },
  });
  assert.equal(
    stderr.split("\n")[1],
    "  hint: there is a recipe of this name in the working folder: with --folder . it is one of the set",
  );
  makeProject(project);
  // Recipes are not read from there; that is said, rather than that there are none.
  const odd = spawnSync(
    "sh",
    [
      "-c",
      'd="$1/$(printf "o\\377")"; cp -r "$1/project" "$d"; cd "$d"; "$0" list',
      join(repository, "cleave"),
      temp.path,
    ],
    { encoding: "utf8", env: { PATH: process.env["PATH"] ?? "" } },
  );
  assert.deepEqual([odd.status, odd.stdout], [2, ""]);
  assert.match(odd.stderr, /^error\[cli-usage\]: the folder "\S+\/o\\udcff" has a name that is not UTF-8/);
});

test("why-rebuild --against takes cleave's own recipes as they are where they are in no repository", async () => {
  using temp = temporaryFolder();
  makeProject(temp.path);
  const installed = join(temp.path, "tools/cleave");
  mkdirSync(installed, { recursive: true });
  for (const each of ["cleave", "src", "stdenv", "bootstrap", "packages", "types", "docs", "package.json"])
    cpSync(join(repository, each), join(installed, each), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(installed, "node_modules"));
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", temp.path, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      stdio: "pipe",
    });
  writeFiles(temp.path, { ".gitignore": "tools\nstore\n" });
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "First");
  const why = (attribute = "app") =>
    execFileSync(join(installed, "cleave"), ["why-rebuild", "--against", "HEAD", attribute], {
      cwd: temp.path,
      stdio: "pipe",
      env: { PATH: process.env["PATH"], HOME: temp.path, CLEAVE_ROOT: join(temp.path, "store") },
      encoding: "utf8",
    });
  assert.equal(why(), "app is as it was\n");
  writeFiles(temp.path, { "lib/flags.ts": 'export const optimise = "-O3";\n' });
  assert.match(why(), /^app-2 changes:\n {2}FLAGS\n/);
  // Of those themselves there is no revision.
  assert.throws(
    () => why("hello"),
    /rebuild-unknown\]: git has no revision HEAD of \S+tools\/cleave\/packages\/hello\n/,
  );
});

test("diff previews what an overlay or a setting changes", async () => {
  using temp = temporaryFolder();
  writeFiles(join(temp.path, "set"), files);
  writeFiles(temp.path, {
    "overlay.ts": `import { mkForce, uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";
export default {
  lib: uses(rawDerivation).package("mine", ({ define }) => define({ args: mkForce(["-c", "make other"]) })),
};
`,
  });
  assert.equal(
    done(await onSet(temp.path, "diff", "--with", "overlay.ts", "app", "lib")),
    "app-2 only follows: lib-1\nlib-1 changes:\n  args\n    - -c make lib\n    + -c make other\n2 of 2 packages change\n",
  );
  writeFiles(join(temp.path, "set"), { "packages/wrong/package.ts": "export default 1;\n" });
  const all = await onSet(temp.path, "diff", "--with", "overlay.ts");
  assert.equal(all.code, 0);
  assert.equal(all.stderr, "warning: wrong is left out: the default export of this recipe is no module\n");
  assert.match(all.stdout, /^lib-1 changes:$/m);
  assert.equal((await onSet(temp.path, "diff", "--with", "overlay.ts", "wrong")).code, 1);
  assert.equal(
    done(await onSet(temp.path, "diff", "--with-set", 'app.version="3"', "app", "lib")),
    [
      "app-3 changes:",
      "  name",
      "    - app-2",
      "    + app-3",
      "  FLAGS",
      "    - -O2 2",
      "    + -O2 3",
      "1 of 2 packages change",
      "",
    ].join("\n"),
  );
});

test("the overlay of docs/recipes.md changes hello as it says there", async () => {
  using temp = temporaryFolder();
  const page = readFileSync(join(repository, "docs/recipes.md"), "utf8");
  const [, overlay = ""] =
    /```ts\n([^`]*?\nexport default \{\n {2}hello: [^`]*?)```\n\n`cleave build --overlay mine\.ts hello`/.exec(
      page,
    ) ?? [];
  writeFiles(temp.path, { "mine.ts": overlay });
  const options = { cwd: temp.path, env: { CLEAVE_ROOT: join(temp.path, "store") } };
  const changes = done(await cleave(["diff", "--with", "mine.ts", "hello"], options));
  assert.match(
    changes,
    /^hello-2\.10 changes:\n.*phases\.build\.data\.env\.CFLAGS\n {4}- "-O2"\n {4}\+ "-O3"\n/s,
  );
  const story = done(await cleave(["why", "--overlay", "mine.ts", "hello", "cflags"], options));
  assert.match(story, /\n {4}used: module faster at \S+\/mine\.ts:\d+:\d+, priority 50: \["-O3"\]\n/);
});

test("why-rebuild compares with a revision, down to files and lines", async () => {
  using temp = temporaryFolder();
  const set = join(temp.path, "set");
  writeFiles(set, files);
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-C", set, "-c", "user.name=t", "-c", "user.email=t@example.org", ...args], {
      stdio: "pipe",
    });
  git("init", "-q");
  git("add", ".");
  git("commit", "-qm", "First");
  assert.equal(done(await onSet(temp.path, "why-rebuild", "--against", "HEAD", "app")), "app is as it was\n");
  writeFiles(set, { "lib/flags.ts": 'export const optimise = "-O3";\n' });
  assert.equal(
    done(await onSet(temp.path, "why-rebuild", "--against", "HEAD", "app")),
    [
      "app-2 changes:",
      "  FLAGS",
      "    - -O2 2",
      "    + -O3 2",
      "files that changed:",
      `  ${set}/lib/flags.ts`,
      "written by:",
      `  ${set}/packages/app/package.ts:11:12 (env.FLAGS)`,
      "",
    ].join("\n"),
  );
  const nowhere = await onSet(temp.path, "why-rebuild", "--against", "HEADD", "app");
  assert.deepEqual(nowhere, {
    code: 1,
    stdout: "",
    stderr: [
      `error[rebuild-unknown]: git has no revision HEADD of ${set}/packages/app`,
      "  because: fatal: not a valid object name: HEADD",
      "  hint: name a commit, tag or branch of the repository that the recipes are in",
      "  more: cleave explain rebuild-unknown",
      "",
    ].join("\n"),
  });
  const unknown = await onSet(temp.path, "why-rebuild", "app");
  assert.equal(unknown.code, 1);
  assert.equal(
    unknown.stderr,
    "error[rebuild-unknown]: there is no record of a build of app\n  hint: compare with a git revision: --against HEAD\n  more: cleave explain rebuild-unknown\n",
  );
});

test("eval counts, and compares counts with a budget", async () => {
  using temp = temporaryFolder();
  writeFiles(join(temp.path, "set"), files);
  done(await onSet(temp.path, "eval", "--write-budget", "budget.json", "app", "lib"));
  const { growth, counts } = JSON.parse(readFileSync(join(temp.path, "budget.json"), "utf8"));
  assert.equal(growth, 0.1);
  assert.deepEqual([counts.packages, counts.dependencies, counts.files], [2, 1, 3]);
  assert.equal(done(await onSet(temp.path, "eval", "--check-budget", "budget.json", "app", "lib")), "");
  writeFiles(join(temp.path, "set"), {
    "lib/flags.ts": `${"// Longer.\n".repeat(200)}${files["lib/flags.ts"]}`,
  });
  const grown = await onSet(temp.path, "eval", "--check-budget", "budget.json", "app", "lib");
  assert.equal(grown.code, 1);
  assert.match(
    grown.stderr,
    /^error\[budget-exceeded\]: counts have grown by more than 10 %: bytes \d+ to \d+\n/,
  );
});
