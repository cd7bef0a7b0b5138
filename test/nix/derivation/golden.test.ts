/** Golden files of what Nix 2.8 cannot do: derivations made by derivations, and texts as outputs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkDerivation,
  computedPlaceholder,
  type Derivation,
  type DerivationSpec,
  derivationsFromJson,
  formatDerivation,
  formatDerivations,
  hashBytes,
  makeDerivation,
  makeGraph,
  parseDerivation,
  type StorePath,
  upstreamPlaceholder,
} from "../../../src/nix/index.ts";
import { golden } from "../../support/golden.ts";

const common = { platform: "x86_64-linux", builder: "/bin/sh" };
const graph = makeGraph();
const text = makeDerivation(
  {
    ...common,
    name: "message.txt",
    addressing: { type: "fixed", method: "text", hash: hashBytes("sha256", "hello\n") },
  },
  graph,
);
const producer = makeDerivation(
  {
    ...common,
    name: "generated.drv",
    args: ["-c", 'cat "$template" > "$out"'],
    addressing: { type: "floating", method: "text", algorithm: "sha256" },
    env: [["template", text.derivation.env.get("out") ?? ""]],
    inputDrvs: new Map([[text.path, { outputs: ["out"] }]]),
  },
  graph,
);
const generated = upstreamPlaceholder(producer.path, "out");
const consumer = makeDerivation(
  {
    ...common,
    name: "consumer",
    outputs: ["out", "doc"],
    structuredAttrs: {
      generated: computedPlaceholder(generated, "out"),
      headers: computedPlaceholder(generated, "dev"),
      itself: generated,
    },
    inputDrvs: new Map([
      [text.path, { outputs: ["out"] }],
      [producer.path, { outputs: ["out"], dynamic: new Map([["out", { outputs: ["out", "dev"] }]]) }],
    ]),
  },
  graph,
);
const nested = makeDerivation(
  {
    ...common,
    name: "nested",
    addressing: { type: "impure", method: "recursive", algorithm: "sha512" },
    inputDrvs: new Map([
      [
        producer.path,
        {
          outputs: [],
          dynamic: new Map([
            ["out", { outputs: [], dynamic: new Map([["out", { outputs: ["b", "a"] }]]) }],
            ["other", { outputs: ["lib"] }],
          ]),
        },
      ],
    ]),
  } satisfies DerivationSpec,
  graph,
);

for (const { path, derivation } of [text, producer, consumer, nested]) {
  test(`the derivation ${derivation.name} is the golden file, written and read`, () => {
    const bytes = golden(`derivation/${derivation.name}.drv`, formatDerivation(derivation));
    const read = parseDerivation(bytes, derivation.name);
    assert.equal(formatDerivation(read), bytes.toString());
    const all = new Map<StorePath, Derivation>([text, producer].map((each) => [each.path, each.derivation]));
    checkDerivation(
      path,
      read,
      makeGraph((input) => all.get(input) ?? assert.fail(input)),
    );
  });

  test(`the JSON of the derivation ${derivation.name} is the golden file, written and read`, () => {
    const name = `derivation/${derivation.name}.4.json`;
    const bytes = golden(name, formatDerivations(new Map([[path, derivation]]), 4));
    const read = derivationsFromJson(bytes);
    assert.deepEqual(
      read.map((each) => [each.path, formatDerivation(each.derivation)]),
      [[path, formatDerivation(derivation)]],
    );
  });
}
