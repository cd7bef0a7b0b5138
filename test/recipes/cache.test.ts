/** The evaluation cache: what is taken from it, what makes results stale, and what becomes of a broken one. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Event } from "../../src/base/index.ts";
import type { Package } from "../../src/package/index.ts";
import type { PackageSetOptions } from "../../src/recipes/index.ts";
import { repository } from "../support/cleave.ts";
import { openSet, rawRecipe, writeFiles } from "../support/recipes.ts";
import { temporaryFolder } from "../support/temp.ts";

/** Evaluate all packages of a folder; give their derivations and which were evaluated. */
function evaluate(folder: string, options: Partial<PackageSetOptions>) {
  const set = openSet(folder, options);
  const derivations = set.attributes().map((each) => set.package(each).interface.derivation);
  const lowered = set.attributes().map((each) => set.package(each).lower("joined").canonical.text);
  const evaluated = set.statistics().evaluated.map(({ attribute }) => attribute);
  set.close();
  return { derivations, lowered, evaluated };
}

const needing = (name: string, other: string, more = ""): string =>
  rawRecipe(name, {
    env: { other: 'config.inputs.libraries["it"]!.path' },
    more: `libraries: { it: "${other}" }, ${more}`,
  });

test("an unchanged set is not evaluated, an edited recipe is, and what follows from it", () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const options = { cache: join(temp.path, "cache") };
  writeFiles(folder, {
    "a/package.ts": rawRecipe("a"),
    "b/package.ts": needing("b", "a"),
    "c/package.ts": needing("c", "b"),
  });
  const first = evaluate(folder, options);
  assert.deepEqual(first.evaluated, ["a", "b", "c"]);
  assert.deepEqual(evaluate(folder, options), { ...first, evaluated: [] });
  // Nothing of a's derivation follows from what it is like.
  writeFiles(folder, { "a/package.ts": `${rawRecipe("a")}// A comment.\n` });
  assert.deepEqual(evaluate(folder, options), { ...first, evaluated: ["a"] });
  writeFiles(folder, { "a/package.ts": rawRecipe("a", { env: { x: '"1"' } }) });
  const moved = evaluate(folder, options);
  assert.deepEqual(moved.evaluated, ["a", "b", "c"]);
  assert.ok(first.derivations.every((each, index) => each !== moved.derivations[index]));
});

test("times alone make nothing stale, and a content that has changed under old times does", () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const options = { cache: join(temp.path, "cache") };
  const file = join(folder, "a/package.ts");
  writeFiles(folder, { "a/package.ts": rawRecipe("a", { env: { x: '"1"' } }) });
  utimesSync(file, 1e9, 1e9);
  const first = evaluate(folder, options);
  utimesSync(file, 2e9, 2e9);
  assert.deepEqual(evaluate(folder, options), { ...first, evaluated: [] });
  writeFileSync(file, rawRecipe("a", { env: { x: '"2"' } }));
  utimesSync(file, 2e9, 2e9);
  assert.deepEqual(evaluate(folder, options).evaluated, ["a"]);
});

test("a tree holds links as they are written, and follows none", () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const cache = join(temp.path, "cache");
  const source = join(folder, "a/source");
  writeFiles(folder, {
    "a/package.ts": rawRecipe("a", {
      imports: 'import { tree } from "cleave/recipe";',
      more: 'files: { source: tree("source") }, args: [String(tree("source"))],',
    }),
    "a/source/file": "content",
  });
  const without = evaluate(folder, { cache }).derivations;
  symlinkSync("../../nowhere", join(source, "link"));
  const first = evaluate(folder, { cache });
  assert.notDeepEqual(first.derivations, without);
  assert.deepEqual(evaluate(folder, { cache }).evaluated, []);
  // The folder has the same names.
  rmSync(join(source, "link"));
  symlinkSync("../../elsewhere", join(source, "link"));
  const second = evaluate(folder, { cache });
  assert.deepEqual(second.evaluated, ["a"]);
  assert.notDeepEqual(second.derivations, first.derivations);
  rmSync(join(source, "link"));
  mkdirSync(join(source, "real"));
  symlinkSync("real", join(source, "link"));
  // As Nix takes it into its store.
  const nar = execFileSync(join(repository, "cleave"), ["hash", "path", "--base32", source], {
    encoding: "utf8",
  });
  const path = execFileSync(
    join(repository, "cleave"),
    ["store-path", "make-source", "source", `sha256:${nar.trim()}`],
    {
      encoding: "utf8",
    },
  );
  assert.ok(evaluate(folder, { cache }).lowered[0]?.includes(path.trim()));
});

test("settings and overlays have results of their own, and compose", () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const cache = join(temp.path, "cache");
  const overlay = (name: string, definitions: string): string => {
    writeFiles(temp.path, {
      [name]: `import { mkForce, uses } from "cleave/modules";
import { rawDerivation } from "cleave/package";
export default { a: uses(rawDerivation).package("${name}", ({ define }) => define({ ${definitions} })) };
`,
    });
    return join(temp.path, name);
  };
  writeFiles(folder, { "a/package.ts": rawRecipe("a", { env: { x: '"1"' } }) });
  const overlays = [
    overlay("one.ts", 'version: mkForce("2")'),
    overlay("two.ts", 'env: { y: "2" }'),
    overlay("three.ts", 'env: { z: "3" }'),
  ];
  const variables = (options: Partial<PackageSetOptions>) => {
    const set = openSet(folder, { cache, ...options });
    const { env } = set.package("a").lower("joined").canonical.derivation;
    const { derivation } = set.package("a").interface;
    const history = set
      .package("a")
      .explain("version")
      .definitions.map(({ module, outcome }) => [module, outcome]);
    set.close();
    const values = new Map(env);
    return { derivation, history, values: ["x", "y", "z"].map((name) => values.get(name)) };
  };
  const plain = variables({});
  const laid = variables({ overlays });
  assert.deepEqual(plain.values, ["1", undefined, undefined]);
  assert.deepEqual(laid.values, ["1", "2", "3"]);
  assert.deepEqual(laid.history, [
    ["one.ts", "used"],
    ["a", "overridden"],
  ]);
  assert.notEqual(plain.derivation, laid.derivation);
  const set = variables({ overlays, settings: ['a.version="9"', "a.env.x=new"] });
  assert.deepEqual(set.history[0], ["--set", "used"]);
  assert.deepEqual(set.values, ["new", "2", "3"]);
  assert.equal(variables({}).derivation, plain.derivation);
});

test("what an overlay says of all packages is not said of those that they are built with", () => {
  using temp = temporaryFolder();
  const overlay = join(temp.path, "all.ts");
  const laid = (name: string): string =>
    `"${name}": uses(rawDerivation).package("over", ({ define }) => define({ env: { over: "${name}" } }))`;
  const write = (...names: readonly string[]): void =>
    writeFileSync(
      overlay,
      `import { uses } from "cleave/modules";\nimport { rawDerivation } from "cleave/package";\nexport default { ${names.map(laid).join(", ")} };\n`,
    );
  writeFiles(temp.path, { "boot/a/package.ts": rawRecipe("a"), "set/b/package.ts": rawRecipe("b") });
  const sources = [
    { folder: join(temp.path, "boot"), prefix: "boot.", isBase: true, isBootstrap: true },
    { folder: join(temp.path, "set"), prefix: "" },
  ];
  const over = (attribute: string) =>
    new Map(
      openSet("", { sources, overlays: [overlay] })
        .package(attribute)
        .lower("joined").canonical.derivation.env,
    ).get("over");
  write("*");
  assert.deepEqual([over("b"), over("boot.a")], ["*", undefined]);
  write("boot.a");
  assert.deepEqual([over("b"), over("boot.a")], [undefined, "boot.a"]);
});

test("a variant is a recipe that uses another one's module", () => {
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "a/package.ts": rawRecipe("a", { env: { x: '"1"' } }),
    "a-old/package.ts": `import { mkForce, uses } from "cleave/modules";
import a from "../a/package.ts";
export default uses(a).package("a-old", ({ define }) => define({ version: mkForce("0.9") }));
`,
  });
  const set = openSet(temp.path);
  const old = set.package("a-old").interface;
  assert.equal(old.version, "0.9");
  assert.equal(old.name, "a");
  assert.notEqual(old.derivation, set.package("a").interface.derivation);
});

test("another platform has other packages, whose tools are those of this one", () => {
  using temp = temporaryFolder();
  writeFiles(temp.path, {
    "tool/package.ts": rawRecipe("tool", { env: { host: "config.platforms.host.cpu" } }),
    "lib/package.ts": rawRecipe("lib", { env: { host: "config.platforms.host.cpu" } }),
    "app/package.ts": rawRecipe("app", {
      env: { tool: 'config.inputs.tools["tool"]!.path', lib: 'config.inputs.libraries["lib"]!.path' },
      more: 'tools: { tool: "tool" }, libraries: { lib: "lib" },',
    }),
  });
  const set = openSet(temp.path);
  const here = set.package("app").config.inputs;
  const there = set.package("cross.aarch64-linux.app").config.inputs;
  assert.equal(there.tools["tool"]?.version, here.tools["tool"]?.version);
  assert.notEqual(there.libraries["lib"]?.path, here.libraries["lib"]?.path);
  assert.equal(there.libraries["lib"]?.path, set.package("cross.aarch64-linux.lib").interface.path);
});

test("a tool for another platform is made by tools for this one", () => {
  using temp = temporaryFolder();
  const platforms = `["build", "host", "target"].map((each) => config.platforms[each as "host"].cpu).join(" ")`;
  const using = (name: string) => ({
    env: { platforms, tool: `config.inputs.tools["it"]!.path` },
    more: `tools: { it: "${name}" },`,
  });
  writeFiles(temp.path, {
    "compiler/package.ts": rawRecipe("compiler", { env: { platforms } }),
    "generator/package.ts": rawRecipe("generator", using("compiler")),
    "app/package.ts": rawRecipe("app", using("generator")),
  });
  const set = openSet(temp.path);
  const platformsOf = (made: Package) =>
    new Map(made.lower("joined").canonical.derivation.env).get("platforms");
  const toolOf = (made: Package) => {
    const tool = made.config.inputs.tools["it"];
    assert.ok(tool);
    return set.packageOf(tool);
  };
  const app = set.package("cross.aarch64-linux.app");
  assert.equal(platformsOf(app), "x86_64 aarch64 aarch64");
  const generator = toolOf(app);
  assert.equal(platformsOf(generator), "x86_64 x86_64 aarch64");
  assert.equal(platformsOf(toolOf(generator)), "x86_64 x86_64 x86_64");
});

test("a cache that cannot be read is made anew, with one warning", () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const cache = join(temp.path, "cache");
  writeFiles(folder, { "a/package.ts": rawRecipe("a"), "b/package.ts": needing("b", "a") });
  const first = evaluate(folder, { cache });
  const [file = ""] = readdirSync(cache).filter((each) => each.endsWith(".sqlite"));
  writeFileSync(join(cache, file), "no database, but long enough to be looked at as one".repeat(100));
  const events: Event[] = [];
  assert.deepEqual(evaluate(folder, { cache, emit: (event) => events.push(event) }), first);
  assert.deepEqual(events, [
    { type: "warning", message: `the evaluation cache ${join(cache, file)} cannot be read; it is made anew` },
  ]);
  assert.deepEqual(evaluate(folder, { cache }).evaluated, []);
});

test("where bundles of scripts cannot be kept, they are made each time", () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const program = 'import { program } from "cleave/recipe";';
  writeFiles(folder, {
    "a/package.ts": rawRecipe("a", { imports: program, more: 'files: { program: program("main.ts") },' }),
    "a/main.ts": "export const answer: number = 42;\n",
  });
  const { derivations } = evaluate(folder, {});
  // A file, below which nobody can make a folder.
  writeFileSync(join(temp.path, "home"), "");
  assert.deepEqual(evaluate(folder, { bundles: join(temp.path, "home/bundles") }).derivations, derivations);
  assert.deepEqual(evaluate(folder, { bundles: join(temp.path, "bundles") }).derivations, derivations);
  assert.equal(readdirSync(join(temp.path, "bundles")).length, 1);
});

test("several processes fill one cache at once", async () => {
  using temp = temporaryFolder();
  const folder = join(temp.path, "set");
  const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
  writeFiles(
    folder,
    Object.fromEntries(
      names.map((name, index) => [
        `${name}/package.ts`,
        index === 0 ? rawRecipe(name) : needing(name, `p${index - 1}`),
      ]),
    ),
  );
  const command = [
    "--conditions=cleave-source",
    join(repository, "src/cli/main.ts"),
    ...["eval", "--folder", folder, ...names],
  ];
  const env = { ...process.env, CLEAVE_ROOT: join(temp.path, "store") };
  const run = () => execFileSync(process.execPath, command, { env, encoding: "utf8" });
  const children = [1, 2, 3, 4].map(() =>
    spawn(process.execPath, command, { env, stdio: ["ignore", "pipe", "inherit"] }),
  );
  const outputs = await Promise.all(
    children.map(async (child) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
      });
      const [code] = await once(child, "close");
      assert.equal(code, 0);
      return text;
    }),
  );
  const expected = run();
  for (const each of outputs) assert.equal(each, expected);
});
