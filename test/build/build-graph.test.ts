import assert from "node:assert/strict";
import { test } from "node:test";
import { type BuildGraph, missingBuilds, type Wanted } from "../../src/build/build-graph.ts";
import { type Derivation, type Output, parseBaseName, type StorePath } from "../../src/nix/index.ts";
import type { Outputs } from "../../src/store/index.ts";

const at = (name: string): StorePath => parseBaseName(`${"0".repeat(32)}-${name}`);

/** A store of derivations `NAME.drv` with the output NAME, each with the names of those that it needs. */
function storeOf(needs: Readonly<Record<string, readonly string[]>>, valid: readonly string[] = []) {
  const read: string[] = [];
  let missing = 0;
  const plan = (
    names: readonly string[],
    again = false,
    outputs: Wanted["outputs"] = "all",
  ): Promise<BuildGraph> =>
    missingBuilds(
      names.map((name) => ({ derivation: at(`${name}.drv`), outputs })),
      {
        outputsOf: async (paths) =>
          new Map(
            [...paths].flatMap((path): [StorePath, Outputs][] => {
              const name = nameOf(path);
              if (needs[name] === undefined) return [];
              return [[path, name.startsWith("floating") ? new Map() : new Map([["out", at(name)]])]];
            }),
          ),
        validPaths: async (paths) => new Set([...paths].filter((path) => valid.includes(path.slice(44)))),
        read: (path) => {
          read.push(nameOf(path));
          return derivation(nameOf(path), needs[nameOf(path)] ?? []);
        },
        onMissing: () => {
          missing += 1;
        },
      },
      { again },
    );
  return { plan, read, missing: () => missing };
}

const nameOf = (path: StorePath) => path.slice(44, -".drv".length);

function derivation(name: string, needs: readonly string[]): Derivation {
  const output: Output = name.startsWith("floating")
    ? { type: "floating", method: "recursive", algorithm: "sha256" }
    : { type: "input-addressed", path: at(name) };
  return {
    name,
    outputs: new Map([["out", output]]),
    inputDrvs: new Map(needs.map((each) => [at(`${each}.drv`), { outputs: ["out"] }])),
    inputSrcs: [at("source")],
    platform: "x86_64-linux",
    builder: "/bin/sh",
    args: [],
    env: new Map(),
  };
}

const builds = ({ builds }: BuildGraph) => builds.map(({ path }) => nameOf(path));

test("what is missing comes after what it needs, and below what is valid nothing is read", async () => {
  const { plan, read, missing } = storeOf({ top: ["a", "b", "c"], a: ["b"], b: [], c: ["d"], d: [] }, [
    "c",
    "source",
  ]);
  const graph = await plan(["top", "a"]);
  assert.deepEqual(builds(graph), ["b", "a", "top"]);
  assert.deepEqual(read.sort(), ["a", "b", "top"]);
  assert.equal(missing(), 1);
  assert.deepEqual([...(graph.builds[2]?.inputs ?? [])], ["source", "a", "b", "c"].map(at));
  assert.deepEqual(graph.outputs.get(at("a.drv")), new Map([["out", at("a")]]));
});

test("what is valid is built only to compare, and what is not valid cannot be", async () => {
  const { plan } = storeOf({ top: ["a"], a: [] }, ["top"]);
  assert.deepEqual(builds(await plan(["top"])), []);
  const graph = await plan(["top"], true);
  assert.deepEqual(
    graph.builds.map(({ path, again }) => [nameOf(path), again]),
    [
      ["a", false],
      ["top", true],
    ],
  );
  await assert.rejects(plan(["a"], true), { code: "build-missing-input" });
});

test("circles, derivations and outputs that are not there, and outputs without a path are refused", async () => {
  const { plan } = storeOf({ a: ["b"], b: ["a"], floating: [], lost: ["nowhere"], over: ["floating"] });
  await assert.rejects(plan(["a"]), {
    code: "derivation-cycle",
    message: `derivations need each other in a circle, among them ${at("a.drv")}, ${at("b.drv")}`,
  });
  await assert.rejects(plan(["lost"]), {
    code: "build-missing-input",
    message: `the derivation ${at("nowhere.drv")} is not valid in this store`,
  });
  await assert.rejects(plan(["a"], false, ["lib"]), {
    code: "build-no-output",
    message: `${at("a.drv")} has no output lib`,
    hint: "it has out",
  });
  for (const name of ["floating", "over"])
    await assert.rejects(plan([name]), {
      code: "build-unsupported",
      message: `${at("floating.drv")} has the output out, whose path is known only when it is built, which this builder cannot do`,
    });
});
