import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../../src/base/index.ts";
import {
  checkDerivation,
  completeDerivation,
  type Derivation,
  type DerivationSpec,
  derivationPath,
  formatDerivation,
  hashBytes,
  hashModulo,
  type InputOutputs,
  type MadeDerivation,
  makeDerivation,
  makeGraph,
  type Output,
  parseDerivation,
  parseStorePath,
  type StorePath,
  structuredAttrs,
} from "../../../src/nix/index.ts";
import { assertError } from "../../support/throws.ts";

const spec: DerivationSpec = { name: "a", platform: "x86_64-linux", builder: "/bin/sh" };
const digest = hashBytes("sha256", "x");
const other = parseStorePath("/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-other");

test("what Nix's derivation refuses is refused", () => {
  const refused = (change: Partial<DerivationSpec>, ...lines: string[]) =>
    assertError(() => makeDerivation({ ...spec, ...change }, makeGraph()), ...lines);
  const invalid = (message: string) => `error[derivation-invalid]: the derivation a ${message}`;
  refused({ builder: "" }, invalid("has no builder"));
  refused({ platform: "" }, invalid("has no platform"));
  refused({ outputs: [] }, invalid("has no output"));
  refused({ outputs: ["a", "b", "a"] }, invalid("has the output a twice"));
  refused(
    { outputs: ["drvPath"] },
    invalid("cannot have an output drvPath, which is what Nix calls its own path"),
  );
  refused(
    { outputs: ["a b"] },
    invalid('has the output "a b", whose name cannot be part of a store path'),
    "  hint: letters a to z and A to Z, digits and + - . _ ? = can",
  );
  refused(
    { outputs: ["out", "dev"], addressing: { type: "fixed", method: "flat", hash: digest } },
    invalid("fixes the outputs dev, out, and a fixed output must be alone and called out"),
  );
  refused(
    { addressing: { type: "fixed", method: "text", hash: hashBytes("md5", "") } },
    invalid("fixes the text out by its md5, and texts have only sha256"),
  );
  refused(
    { name: "a.drv" },
    "error[derivation-invalid]: the derivation a.drv must not end in .drv, since it makes something else than one derivation",
    "  hint: only a text that is the one output, out, may be called so",
  );
  refused(
    { platform: 'a"b' },
    'error[derivation-invalid]: the platform "a\\"b" has a quote or a backslash, which Nix writes so that it cannot be read',
    "  hint: choose a platform without them",
  );
  refused(
    { inputDrvs: new Map([[other, { outputs: ["out"] }]]) },
    invalid(`has the input derivation ${other}, whose name does not end in .drv`),
  );
  const made = makeDerivation(spec, makeGraph());
  refused(
    { inputDrvs: new Map([[made.path, { outputs: [] }]]) },
    invalid(`has the input derivation ${made.path}, but wants no output of it`),
  );
  refused(
    { inputDrvs: new Map([[made.path, { outputs: ["out"] }]]) },
    `error[derivation-missing]: the derivation ${made.path} is needed, but not there`,
    "  hint: make derivations after those that they need",
  );
  assertError(
    () => {
      const graph = makeGraph();
      const inputDrvs = new Map([[makeDerivation(spec, graph).path, { outputs: ["dev"] }]]);
      makeDerivation({ ...spec, inputDrvs }, graph);
    },
    invalid(`needs the output dev of ${made.path}, which has only out`),
  );
  refused(
    { name: "n".repeat(208) },
    `error[store-path-malformed]: ${"n".repeat(208)}.drv is no name for a store path: it has a name of 212 characters, which is more than 211`,
    "  hint: a name is 1 to 211 of the letters a to z and A to Z, digits and + - . _ ? =",
  );
});

test("variables called as outputs hold their paths, whatever was given for them", () => {
  const { derivation } = makeDerivation(
    { ...spec, outputs: ["out", "dev"], env: Object.entries({ out: "mine", __proto__x: "1" }) },
    makeGraph(),
  );
  const paths = [...derivation.outputs].map(([name, output]) => [name, "path" in output && output.path]);
  assert.deepEqual([...derivation.env], [["__proto__x", "1"], ...paths]);
});

test("a derivation that lies is found out", () => {
  const graph = makeGraph();
  const made = makeDerivation({ ...spec, outputs: ["out"] }, graph);
  checkDerivation(made.path, made.derivation, makeGraph());
  const hint = "  hint: it was altered after it was made, or made by something else than Nix";
  assertError(
    () => checkDerivation(other, made.derivation, graph),
    `error[derivation-invalid]: the derivation ${other} is said to be called a`,
    hint,
  );
  const more = { ...made.derivation, args: ["x"] };
  assertError(
    () => checkDerivation(made.path, more, graph),
    `error[derivation-invalid]: the derivation ${made.path} has bytes whose path is ${derivationPath(more)}`,
    hint,
  );
  const check = (change: Partial<Derivation>, message: string) => {
    const lie = { ...made.derivation, ...change };
    const at = derivationPath(lie);
    assertError(
      () => checkDerivation(at, lie, graph),
      `error[derivation-invalid]: the derivation ${at} ${message}`,
      hint,
    );
  };
  const right = made.derivation.env.get("out");
  check(
    { outputs: new Map([["out", { type: "input-addressed", path: other }]]) },
    `says that its output out is ${other}, but it is ${right}`,
  );
  check(
    { env: new Map([["out", other]]) },
    `says ${other} in its variable out, where its output is ${right}`,
  );
  check(
    { outputs: new Map([["out", { type: "deferred" }]]) },
    `says no path for its output out, which is ${right}`,
  );
  const fixed: Output = { type: "fixed", method: "flat", hash: digest, path: other };
  const fixedAt = makeDerivation({ ...spec, addressing: fixed }, graph).derivation.env.get("out");
  check({ outputs: new Map([["out", fixed]]) }, `says that its output out is ${other}, but it is ${fixedAt}`);
});

test("a path that is not known before the inputs are built is found out", () => {
  const graph = makeGraph();
  const input = makeDerivation(
    { ...spec, addressing: { type: "floating", method: "recursive", algorithm: "sha256" } },
    graph,
  );
  const inputDrvs = new Map([[input.path, { outputs: ["out"] }]]);
  const { derivation } = makeDerivation({ ...spec, inputDrvs }, graph);
  assert.deepEqual([...derivation.outputs.values(), ...derivation.env], [{ type: "deferred" }, ["out", ""]]);
  const lie = {
    ...derivation,
    outputs: new Map([["out", { type: "input-addressed", path: other } as const]]),
  };
  assertError(
    () => checkDerivation(derivationPath(lie), lie, graph),
    `error[derivation-invalid]: the derivation ${derivationPath(lie)} says that its output out is ${other}, but that is not known before its inputs are built`,
    "  hint: it was altered after it was made, or made by something else than Nix",
  );
});

test("outputs of outputs are not known in advance, even of a fixed derivation", () => {
  const graph = makeGraph();
  const text = { type: "fixed", method: "text", hash: digest } as const;
  const input = makeDerivation({ ...spec, name: "made.drv", addressing: text }, graph);
  const needs = (outputs: InputOutputs) => {
    const inputDrvs = new Map([[input.path, outputs]]);
    return makeDerivation({ ...spec, inputDrvs }, graph).derivation.outputs.get("out")?.type;
  };
  assert.equal(needs({ outputs: ["out"] }), "input-addressed");
  assert.equal(needs({ outputs: [], dynamic: new Map([["out", { outputs: ["out"] }]]) }), "deferred");
});

test("a derivation is written in the order of bytes, whatever the order of its parts", () => {
  // In the order of UTF-16.
  const names = ["a", "b", "\u{10000}", "\udc80", "\uffff"];
  const { derivation } = makeDerivation(spec, makeGraph());
  const env = new Map(names.map((name) => [name, ""]));
  const inputSrcs = [other, parseStorePath("/nix/store/00000000000000000000000000000000-z")];
  const text = formatDerivation({ ...derivation, env, inputSrcs });
  const places = ["a", "b", "\udc80", "\uffff", "\u{10000}"].map((name) => text.indexOf(`("${name}","")`));
  assert.deepEqual(
    places,
    [...places].sort((x, y) => x - y),
  );
  assert.ok(text.includes(`["${inputSrcs[1]}","${other}"]`));
  assert.equal(formatDerivation(parseDerivation(encodeText(text), "a")), text);
});

test("completing fills in what is missing", () => {
  const graph = makeGraph();
  const made = makeDerivation({ ...spec, outputs: ["out", "dev"] }, graph);
  const deferred = new Map<string, Output>(
    [...made.derivation.outputs.keys()].map((name) => [name, { type: "deferred" }]),
  );
  for (const env of [new Map<string, string>(), new Map([["out", ""]]), new Map([["dev", "wrong"]])])
    assert.deepEqual(completeDerivation({ ...made.derivation, outputs: deferred, env }, graph), made);
  const fixed = makeDerivation(
    { ...spec, addressing: { type: "fixed", method: "recursive", hash: digest } },
    graph,
  );
  assert.deepEqual(completeDerivation({ ...fixed.derivation, env: new Map() }, graph), fixed);
});

test("structured attributes are written canonically and read without loss", () => {
  const made = makeDerivation(
    { ...spec, structuredAttrs: { b: ["\b", "é"], a: { z: 1, "10": null, "9": true } } },
    makeGraph(),
  );
  assert.equal(made.derivation.env.get("__json"), '{"a":{"10":null,"9":true,"z":1},"b":["\\b","é"]}');
  assert.equal(structuredAttrs(makeDerivation(spec, makeGraph()).derivation), undefined);
  const odd = { ...made.derivation, env: new Map([["__json", "[1]"]]) };
  assertError(
    () => structuredAttrs(odd),
    "error[derivation-invalid]: the variable __json of the derivation a must hold a JSON object",
    "  hint: structured attributes are kept in it",
  );
  assertError(
    () => structuredAttrs({ ...odd, env: new Map([["__json", '{"a":1,"a":2}']]) }),
    "error[derivation-invalid]: the variable __json of the derivation a must hold a JSON object",
    "  because[json-syntax]: this is no JSON: an object has the member a twice",
    "    at offset 7",
    "  hint: structured attributes are kept in it",
  );
});

test("a chain of 100,000 derivations is hashed without recursion", () => {
  const graph = makeGraph();
  const chain = new Map<StorePath, Derivation>();
  let last: MadeDerivation | undefined;
  for (let index = 0; index < 100_000; index += 1) {
    const inputDrvs = new Map(last === undefined ? [] : [[last.path, { outputs: ["out"] }]]);
    last = makeDerivation({ ...spec, name: `n${index}`, inputDrvs }, graph);
    chain.set(last.path, last.derivation);
  }
  const path = last?.path ?? assert.fail();
  const fresh = makeGraph((input) => chain.get(input) ?? assert.fail(input));
  assert.deepEqual(hashModulo(path, fresh), graph.modulos.get(path));
  assert.equal(fresh.modulos.size, 100_000);
});

test("derivations that need each other are refused with the way around", () => {
  const paths = Array.from({ length: 20 }, (_, index) =>
    parseStorePath(`/nix/store/${"0123456789abcdfghijk".charAt(index).repeat(32)}-n.drv`),
  );
  const at = (index: number) => paths[index] ?? assert.fail();
  const derivation = (next: StorePath): Derivation => ({
    ...makeDerivation(spec, makeGraph()).derivation,
    inputDrvs: new Map([[next, { outputs: ["out"] }]]),
  });
  // 0 needs 1, 1 needs 2, 2 needs 1.
  const small = makeGraph((path) => derivation(path === at(1) ? at(2) : at(1)));
  const hint =
    "  hint: the path of a derivation follows from those that it needs, so one of these files was altered";
  assertError(
    () => hashModulo(at(0), small),
    `error[derivation-cycle]: the derivation ${at(1)} needs itself: ${at(1)} -> ${at(2)} -> ${at(1)}`,
    hint,
  );
  const large = makeGraph((path) => derivation(at((paths.indexOf(path) + 1) % 20)));
  assertError(
    () => hashModulo(at(0), large),
    `error[derivation-cycle]: the derivation ${at(0)} needs itself: ${paths.slice(0, 6).join(" -> ")} -> (10 more) -> ${[...paths.slice(16), at(0)].join(" -> ")}`,
    hint,
  );
});
