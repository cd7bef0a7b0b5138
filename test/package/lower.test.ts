import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { uses } from "../../src/modules/index.ts";
import {
  checkDerivation,
  type Derivation,
  formatDerivation,
  type MadeDerivation,
  type StorePath,
} from "../../src/nix/index.ts";
import {
  base,
  evaluatePackage,
  graph,
  type Lowered,
  type Package,
  type Platform,
  parsePlatform,
} from "../../src/package/index.ts";
import { allPartitions, cutTrunk } from "../../src/phases/index.ts";
import { contextOf, fileOf, type PhaseFacts, packageOf, platforms, usual } from "./rig.ts";

const madeOf = ({ canonical, groups, branches }: Lowered): MadeDerivation[] => [
  canonical,
  ...groups.map(({ made }) => made),
  ...branches.flatMap((branch) => [branch.prefix, branch.canonical, branch.made]),
];

const derivationsOf = (lowered: Lowered): Derivation[] => madeOf(lowered).map(({ derivation }) => derivation);

const inputsOf = (derivation: Derivation): Set<string> =>
  new Set([
    ...derivation.inputSrcs,
    ...[...derivation.inputDrvs].flatMap(([path, { outputs }]) => outputs.map((each) => `${path}!${each}`)),
  ]);

const partitionsOf = (made: Package) => {
  assert.ok(made.plan);
  return allPartitions(made.plan);
};

test("whatever the partition, the canonical derivation and the branches are called the same", () => {
  const made = packageOf({ phases: usual });
  const joined = made.lower("joined");
  for (const partition of partitionsOf(made)) {
    const { canonical, groups, branches } = made.lower(partition);
    assert.equal(canonical.path, joined.canonical.path);
    assert.deepEqual(
      branches.map(({ canonical: each }) => each.path),
      joined.branches.map(({ canonical: each }) => each.path),
    );
    assert.ok(made.plan);
    assert.deepEqual(
      groups.map(({ phases }) => phases),
      cutTrunk(made.plan, partition).map(({ phases }) => phases.map(({ name }) => name)),
    );
  }
  assert.equal(joined.groups[0]?.made.path, joined.canonical.path);
});

test("groups have the names that the design gives them, and need the state before them", () => {
  const { groups, branches } = packageOf({ phases: usual }).lower("split");
  assert.deepEqual(
    groups.map(({ made }) => made.derivation.name),
    [
      "sample-1.0-state-unpack",
      "sample-1.0-state-configure",
      "sample-1.0-state-build",
      "sample-1.0-state-install",
      "sample-1.0",
    ],
  );
  for (const [index, { made }] of groups.entries()) {
    const states = [...made.derivation.inputDrvs.keys()].filter((path) => path.includes("-state-"));
    assert.deepEqual(states, index === 0 ? [] : [groups[index - 1]?.made.path]);
  }
  assert.deepEqual(
    branches.map(({ name, start, made }) => [name, start, made.derivation.name]),
    [["check", "build", "sample-1.0-check"]],
  );
  assert.ok(branches[0]?.made.derivation.inputDrvs.has(groups[2]?.made.path ?? ("" as StorePath)));
});

test("Nix law: every derivation is one that Nix would make", () => {
  for (const partition of ["joined", "split"] as const) {
    const lowered = packageOf({ phases: usual, outputs: ["out", "dev"] }).lower(partition);
    for (const { path, derivation } of madeOf(lowered))
      assert.equal(checkDerivation(path, derivation, graph), "input-addressed");
  }
});

test("inputs accumulate: a group has those of all groups before it, and no branch's", () => {
  const made = packageOf({ phases: usual });
  for (const partition of partitionsOf(made)) {
    let before = new Set<string>();
    for (const { made: group } of made.lower(partition).groups) {
      const own = inputsOf(group.derivation);
      for (const each of before) if (!each.includes("-state-")) assert.ok(own.has(each), each);
      assert.ok(![...own].some((each) => each.includes("dejagnu") || each.includes("check.js")));
      before = own;
    }
  }
});

/** Change one phase's script. */
const edited = (phases: Readonly<Record<string, PhaseFacts>>, name: string) => ({
  ...phases,
  [name]: { ...phases[name], script: "edited" },
});

test("editing a phase moves the states after it, and none before", () => {
  const groupsOf = (phases: Readonly<Record<string, PhaseFacts>>) =>
    packageOf({ phases })
      .lower("split")
      .groups.map(({ made }) => made.path);
  const before = groupsOf(usual);
  for (const [index, name] of ["unpack", "configure", "build", "install", "fixup"].entries()) {
    const after = groupsOf(edited(usual, name));
    assert.deepEqual(after.slice(0, index), before.slice(0, index), name);
    for (const [at, path] of after.entries()) if (at >= index) assert.notEqual(path, before[at], name);
  }
});

test("editing a branch moves nothing but the branch", () => {
  const before = packageOf({ phases: usual }).lower("split");
  const after = packageOf({ phases: edited(usual, "check") }).lower("split");
  assert.deepEqual(
    after.groups.map(({ made }) => made.path),
    before.groups.map(({ made }) => made.path),
  );
  assert.equal(after.canonical.path, before.canonical.path);
  assert.equal(after.branches[0]?.prefix.path, before.branches[0]?.prefix.path);
  assert.notEqual(after.branches[0]?.canonical.path, before.branches[0]?.canonical.path);
});

test("meta never reaches a derivation", () => {
  const paths = (description: string) =>
    derivationsOf(packageOf({ phases: usual, description }).lower("split")).map(formatDerivation);
  assert.deepEqual(paths("something"), paths("something else"));
});

test("placeholders follow from name, version and output alone, and are as long as the real paths", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      fc.stringMatching(/^[0-9.]{1,8}$/),
      fc.uniqueArray(fc.constantFrom("out", "dev", "doc", "bin"), { minLength: 1 }),
      fc.string(),
      (name, version, outputs, script) => {
        const lowered = packageOf({ name, version, outputs, phases: edited(usual, "install") }).lower(
          "joined",
        );
        const other = packageOf({ name, version, outputs, phases: { ...usual, unpack: { script } } }).lower(
          "joined",
        );
        const read = ({ canonical }: Lowered) =>
          JSON.parse(canonical.derivation.env.get("__json") ?? "").cleave.placeholders as Record<
            string,
            string
          >;
        assert.deepEqual(read(lowered), read(other));
        for (const [output, placeholder] of Object.entries(read(lowered))) {
          const real = lowered.canonical.derivation.outputs.get(output);
          assert.ok(real !== undefined && "path" in real);
          assert.equal(placeholder.length, real.path.length);
          assert.equal(placeholder.slice(44), real.path.slice(44));
          assert.notEqual(placeholder, real.path);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("files in data stand for their paths and become inputs", () => {
  const lowered = packageOf({
    phases: { build: { data: { patch: fileOf("a.patch"), list: [fileOf("b.patch"), 1, null] } } },
  }).lower("joined");
  const { data } = JSON.parse(lowered.canonical.derivation.env.get("__json") ?? "").cleave.phases[0];
  assert.deepEqual(data, { patch: fileOf("a.patch").path, list: [fileOf("b.patch").path, 1, null] });
  for (const name of ["a.patch", "b.patch"])
    assert.ok(lowered.canonical.derivation.inputSrcs.includes(fileOf(name).path));
});

test("libraries of a phase bring what they require, as those of the package do, and replace nothing", () => {
  const library = (attribute: string, requires: readonly string[] = []) =>
    evaluatePackage(
      uses(base).package(attribute, ({ define }) =>
        define({
          name: attribute,
          version: "1",
          runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
          interpreters: { quickjs: { tool: "qjs", program: "bin/qjs" } },
          exports: { requires },
          phases: { build: { script: fileOf("build.js") } },
        }),
      ),
      contextOf(attribute),
    ).interface;
  const libraries = new Map(
    [library("jq", ["regex"]), library("regex"), library("own-regex")].map((each) => [each.attribute, each]),
  );
  const made = evaluatePackage(
    uses(base).package("sample", ({ define }) =>
      define({
        name: "sample",
        version: "1",
        runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
        interpreters: { quickjs: { tool: "qjs", program: "bin/qjs" } },
        libraries: { regex: "own-regex" },
        phases: {
          a: { script: fileOf("a.js"), libraries: { jq: "jq" } },
          b: { script: fileOf("b.js"), libraries: { regex: null, jq: "jq" } },
          c: { script: fileOf("c.js"), libraries: { regex: null } },
        },
      }),
    ),
    contextOf(
      "sample",
      (attribute) => libraries.get(attribute) ?? contextOf("sample").resolve(attribute, "tools"),
    ),
  );
  const { phases } = JSON.parse(made.lower("joined").canonical.derivation.env.get("__json") ?? "").cleave;
  const seen = phases.map((phase: { libraries: Record<string, string[]> }) =>
    Object.entries(phase.libraries).map(([name, [path]]) => `${name}: ${path?.slice(44)}`),
  );
  assert.deepEqual(seen, [["jq: jq-1", "regex: own-regex-1"], ["jq: jq-1", "regex: regex-1"], []]);
});

test("a script that names no interpreter is run by the package's, or by the one it is written for", () => {
  const interpreter = (endings: readonly string[]) => ({ tool: "qjs", program: "bin/qjs", endings });
  const made = (own: string) =>
    evaluatePackage(
      uses(base).package("sample", ({ define }) =>
        define({
          name: "sample",
          version: "1.0",
          interpreter: own,
          runner: { tool: "qjs", program: "bin/qjs", script: fileOf("runner.js") },
          interpreters: {
            quickjs: interpreter([".js"]),
            bash: interpreter([".sh", ".bash"]),
            sh: interpreter([".sh"]),
          },
          phases: {
            a: { script: fileOf("a.js") },
            b: { script: fileOf("b.sh") },
            c: { script: fileOf("c.py") },
            d: { script: fileOf("d.js"), interpreter: "sh" },
            e: { script: fileOf("e.bash") },
          },
        }),
      ),
      contextOf("sample"),
    );
  const run = (own: string) => {
    const { plan } = made(own);
    assert.ok(plan);
    return Object.fromEntries(plan.trunk.map(({ name, interpreter: by }) => [name, by]));
  };
  assert.deepEqual(run("sh"), { a: "quickjs", b: "sh", c: "sh", d: "sh", e: "bash" });
  assert.deepEqual(run("bash"), { a: "quickjs", b: "bash", c: "bash", d: "sh", e: "bash" });
  assert.deepEqual(run("quickjs"), { a: "quickjs", b: "bash", c: "quickjs", d: "sh", e: "bash" });
});

test("a phase that one module defines, another takes away with null; the others keep their order", () => {
  const removing = uses(base).package("removing", ({ define }) => define({ phases: { fixup: null } }));
  const made = packageOf({ phases: usual }, [removing]);
  assert.deepEqual(
    made.plan?.trunk.map(({ name }) => name),
    ["unpack", "configure", "build", "install"],
  );
});

test("the target platform moves only packages that are made for one", () => {
  const target = parsePlatform("aarch64-linux");
  const pathOf = (forTarget: boolean, platform: Platform) => {
    const made = uses(base).package("forTarget", ({ define }) => define({ forTarget }));
    return packageOf({ phases: usual, platforms: { ...platforms, target: platform } }, [made]).interface.path;
  };
  assert.equal(pathOf(false, target), pathOf(false, platforms.target));
  assert.notEqual(pathOf(true, target), pathOf(true, platforms.target));
});
