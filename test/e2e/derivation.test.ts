/** cleave derivation show, check and make, beside real Nix. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { makeDerivation, makeGraph } from "../../src/nix/index.ts";
import { cleave, repository } from "../support/cleave.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const graph = makeGraph();
const common = { platform: "x86_64-linux", builder: "/bin/sh" };
const input = makeDerivation({ ...common, name: "input", outputs: ["out", "dev"] }, graph);
const hello = makeDerivation(
  {
    ...common,
    name: "hello",
    env: [["x", 'a\n"b"']],
    inputDrvs: new Map([[input.path, { outputs: ["dev"] }]]),
  },
  graph,
);

/** Lay the derivations out as a store below a root. */
function makeRoot(folder: string): string {
  const store = join(folder, "root/nix/store");
  mkdirSync(store, { recursive: true });
  for (const { path, text } of [input, hello]) writeFileSync(join(store, basename(path)), text);
  return join(folder, "root");
}

const path = (made: { derivation: { outputs: ReadonlyMap<string, object> } }, output: string) => {
  const found = made.derivation.outputs.get(output);
  return found !== undefined && "path" in found ? found.path : assert.fail();
};

const shown = `{
  "${hello.path}": {
    "outputs": {
      "out": {
        "path": "${path(hello, "out")}"
      }
    },
    "inputSrcs": [],
    "inputDrvs": {
      "${input.path}": [
        "dev"
      ]
    },
    "system": "x86_64-linux",
    "builder": "/bin/sh",
    "args": [],
    "env": {
      "out": "${path(hello, "out")}",
      "x": "a\\n\\"b\\""
    }
  }
}
`;

test("cleave derivation show prints what is named, however it is named", async () => {
  using temp = temporaryFolder();
  const root = makeRoot(temp.path);
  const file = join(root, hello.path);
  symlinkSync(hello.path, join(temp.path, "link"));
  copyFileSync(file, join(temp.path, "hello.drv"));
  for (const args of [
    ["--root", root, hello.path],
    ["--root", root, "link"],
    [file],
    [`root/${hello.path}`],
    ["hello.drv"],
  ])
    assert.deepEqual(await cleave(["derivation", "show", ...args], { cwd: temp.path }), {
      code: 0,
      stdout: shown,
      stderr: "",
    });
});

test("a derivation whose name only Nix 2.8 takes is shown under its path", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  writeFileSync(join(temp.path, "a.nix"), 'derivation { name = ".-n"; system = "builtin"; builder = "b"; }');
  const path = nix
    .run("nix-instantiate", [join(temp.path, "a.nix")])
    .toString()
    .trimEnd();
  for (const args of [["--root", nix.root, path], [join(nix.root, path)]]) {
    const { stdout } = await cleave(["derivation", "show", ...args], { cwd: temp.path });
    assert.deepEqual(Object.keys(JSON.parse(stdout)), [path]);
  }
});

test("cleave derivation show --format 4 prints the current form", async () => {
  using temp = temporaryFolder();
  const golden = (name: string) => join(repository, "test/golden/derivation", name);
  copyFileSync(golden("consumer.drv"), join(temp.path, "consumer.drv"));
  assert.deepEqual(
    await cleave(["derivation", "show", "--format", "4", "consumer.drv"], { cwd: temp.path }),
    {
      code: 0,
      stdout: readFileSync(golden("consumer.4.json"), "utf8"),
      stderr: "",
    },
  );
});

test("cleave derivation show -r and nix show-derivation -r print the same", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  writeFileSync(
    join(temp.path, "a.nix"),
    `let
      make = name: rest: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; } // rest);
      source = make "source" { outputHash = "sha256-jZkUKv2SV28wsM18tCqNxoCZmLxdYH2Idh9RLibH2yA="; };
      library = make "library" { outputs = [ "out" "dev" ]; inherit source; __structuredAttrs = true; };
      content = make "content" { __contentAddressed = true; file = builtins.toFile "file" "x"; };
    in make "program" { inherit (library) dev; inherit content; args = [ "-c" "é\\n" ]; }`,
  );
  const top = nix.run("nix-instantiate", ["a.nix"]).toString().trim();
  const theirs = nix.run("nix", ["show-derivation", "-r", top]).toString();
  assert.deepEqual(await cleave(["derivation", "show", "-r", "--root", nix.root, top]), {
    code: 0,
    stdout: theirs,
    stderr: "",
  });
  const paths = Object.keys(JSON.parse(theirs));
  assert.equal(paths.length, 4);
  assert.deepEqual(await cleave(["derivation", "check", "-r", join(nix.root, top)]), {
    code: 0,
    stdout: paths.map((each) => `${each}\n`).join(""),
    stderr: "",
  });
});

test("cleave derivation make makes what JSON describes, as Nix does", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const root = makeRoot(temp.path);
  const make = (input: string, ...args: string[]) =>
    cleave(["derivation", "make", "--root", root, ...args], { cwd: temp.path, input });
  assert.deepEqual(await make(shown), { code: 0, stdout: `${hello.path}\n`, stderr: "" });

  const expression = (builder: string) =>
    `derivation { name = "a"; system = "x86_64-linux"; builder = "${builder}"; outputs = [ "out" "dev" ]; }`;
  const instantiate = (builder: string) =>
    nix
      .run("nix-instantiate", ["--expr", expression(builder)])
      .toString()
      .trim();
  const before = instantiate("/bin/before");
  const after = instantiate("/bin/after");
  const both = nix.run("nix", ["show-derivation", before]).toString().replaceAll("/bin/before", "/bin/after");
  const lie = await make(both);
  assert.match(
    lie.stderr,
    /^error\[derivation-invalid\]: the derivation \S+ says that its output dev is \S+, but it is/,
  );
  const edited = JSON.parse(both);
  edited[before].outputs = { out: {}, dev: {} };
  writeFileSync(join(temp.path, "edited.json"), JSON.stringify(edited));
  assert.deepEqual(await make("", "-o", "new/folder", "edited.json"), {
    code: 0,
    stdout: `${after}\n`,
    stderr: "",
  });
  assert.deepEqual(
    readFileSync(join(temp.path, "new/folder", basename(after))),
    readFileSync(join(nix.root, after)),
  );
  assert.deepEqual(readdirSync(join(temp.path, "new/folder")), [basename(after)]);
});

test("cleave derivation make says where JSON is wrong", async () => {
  assert.deepEqual(await cleave(["derivation", "make"], { input: '{"version": 4, "derivations": []}' }), {
    code: 1,
    stdout: "",
    stderr:
      "error[derivation-json]: this JSON describes no derivation: derivations must be an object, not an array\n" +
      '  at "standard input"\n' +
      "  more: cleave explain derivation-json\n",
  });
  const changed = shown.replace(hello.path, input.path).replaceAll("-hello", "-input");
  using temp = temporaryFolder();
  const { stderr } = await cleave(["derivation", "make", "--root", temp.path], { input: changed });
  assert.equal(
    stderr,
    `error[derivation-missing]: the derivation ${input.path} is not there\n` +
      `  hint: it was looked for in ${temp.path}/nix/store\n` +
      "  more: cleave explain derivation-missing\n",
  );
});

test("cleave derivation check finds what was altered and what is missing", async () => {
  using temp = temporaryFolder();
  const root = makeRoot(temp.path);
  const check = (...args: string[]) => cleave(["derivation", "check", ...args], { cwd: temp.path });
  assert.deepEqual(await check("--root", "root", hello.path), {
    code: 0,
    stdout: `${hello.path}\n`,
    stderr: "",
  });

  copyFileSync(join(root, hello.path), join(temp.path, "renamed.drv"));
  const renamed = (await check("--root", root, "renamed.drv")).stderr;
  assert.match(
    renamed,
    /^error\[derivation-invalid\]: the derivation \S+-renamed\.drv says that its output out is \S+-hello, but it is \S+-renamed\n/,
  );

  copyFileSync(join(root, hello.path), join(temp.path, "hello.drv"));
  assert.deepEqual(await check("--root", "elsewhere", "hello.drv"), {
    code: 1,
    stdout: "",
    stderr:
      `error[derivation-missing]: the derivation ${input.path} is not there\n` +
      `  hint: it was looked for in ${temp.path}/elsewhere/nix/store\n` +
      "  more: cleave explain derivation-missing\n",
  });
});

test("what is no derivation is refused with its place", async () => {
  using temp = temporaryFolder();
  const show = (...args: string[]) => cleave(["derivation", "show", ...args], { cwd: temp.path });
  writeFileSync(join(temp.path, "cut.drv"), hello.text.slice(0, 100));
  assert.deepEqual(await show("cut.drv"), {
    code: 1,
    stdout: "",
    stderr:
      "error[derivation-syntax]: this is no derivation: a string does not close\n" +
      `  at ${temp.path}/cut.drv, offset 77\n` +
      "  more: cleave explain derivation-syntax\n",
  });
  assert.deepEqual(await show("none.drv"), {
    code: 1,
    stdout: "",
    stderr:
      "error[file-failed]: cannot read the derivation: no such file or directory\n" +
      `  at ${temp.path}/none.drv\n` +
      "  more: cleave explain file-failed\n",
  });
  assert.deepEqual(await show("a b"), {
    code: 2,
    stdout: "",
    stderr:
      'error[cli-usage]: "a b" is no derivation: its name does not end in .drv\n' +
      "  more: cleave explain cli-usage\n",
  });
  assert.deepEqual(await show("--format", "2", "a.drv"), {
    code: 2,
    stdout: "",
    stderr:
      "error[cli-usage]: there is no format 2\n  hint: the formats are 1 and 4\n  more: cleave explain cli-usage\n",
  });
});
