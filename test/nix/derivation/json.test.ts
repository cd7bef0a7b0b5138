import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, encodeText } from "../../../src/base/index.ts";
import { formatJson, parseJson } from "../../../src/nix/derivation/json-text.ts";
import {
  derivationsFromJson,
  formatDerivations,
  makeDerivation,
  makeGraph,
  parseStorePath,
} from "../../../src/nix/index.ts";
import { repository } from "../../support/cleave.ts";
import { assertError } from "../../support/throws.ts";

const path = parseStorePath("/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a.drv");
const spec = { name: "a", platform: "x86_64-linux", builder: "/bin/sh" };
const { derivation } = makeDerivation({ ...spec, args: ["-c"] }, makeGraph());

test("what JSON cannot say is refused, with the place", () => {
  for (const [version, place] of [
    [1, `${path}.env.x`],
    [4, "derivations.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a.drv.env.x"],
  ] as const)
    assertError(
      () => formatDerivations(new Map([[path, { ...derivation, env: new Map([["x", "\udcff"]]) }]]), version),
      `error[derivation-not-json]: ${place} cannot be said in JSON: "\\udcff" has bytes that are not UTF-8`,
    );
  const inputDrvs = new Map([[path, { outputs: [], dynamic: new Map([["out", { outputs: ["out"] }]]) }]]);
  assertError(
    () => formatDerivations(new Map([[path, { ...derivation, inputDrvs }]]), 1),
    `error[derivation-not-json]: the derivation a needs outputs of outputs of ${path}, which version 1 of the JSON form cannot say`,
    "  hint: version 4 can",
  );
});

test("structured attributes keep their numbers, and stay out of the variables of version 4", () => {
  const text = '{"deep":[{"big":9223372036854775807,"float":1.50,"tiny":-0,"whole":-12}],"é":"\\b/"}';
  const odd = { ...derivation, env: new Map([["__json", text]]) };
  const written = formatDerivations(new Map([[path, odd]]), 4);
  assert.ok(written.includes('"big": 9223372036854775807,\n            "float": 1.50,'), written);
  assert.ok(!written.includes("__json"));
  assert.deepEqual(derivationsFromJson(written), [{ path, derivation: odd }]);
});

test("what describes no derivation is refused, with the member", () => {
  const v4 = JSON.parse(formatDerivations(new Map([[path, derivation]]), 4)).derivations[path.slice(11)];
  const v1 = JSON.parse(formatDerivations(new Map([[path, derivation]]), 1))[path];
  const refused = (json: unknown, message: string, ...more: string[]) =>
    assertError(
      () => derivationsFromJson(JSON.stringify(json)),
      `error[derivation-json]: this JSON describes no derivation: ${message}`,
      ...more,
    );
  const inV1 = (change: object) => ({ [path]: { ...v1, ...change } });
  refused([], "the value must be an object, not an array");
  refused({ version: 3 }, "version is 3, and only version 4 and the older form without one are read");
  refused(
    { x: v1 },
    "x is no path of a derivation",
    "  because[store-path-malformed]: x is no store path: it is not in /nix/store",
  );
  refused(
    { [path.slice(0, -4)]: v1 },
    `${path.slice(0, -4)} is no path of a derivation: it does not end in .drv`,
  );
  refused({ ...v4, version: 4, inputs: {} }, "inputs has no member srcs");
  refused({ ...v4, more: 1 }, "the value has the member more, which there is not");
  refused({ ...v4, system: null }, "system must be a string, not null");
  refused({ ...v4, args: ["a", 1] }, "args.1 must be a string, not a number");
  refused(
    { ...v4, outputs: { out: { method: "git", hashAlgo: "sha1" } } },
    "outputs.out.method must be flat, nar or text",
  );
  refused(
    { ...v4, outputs: { out: { method: "nar", hash: "sha256-x" } } },
    "outputs.out.hash cannot be read",
    "  because[hash-malformed]: the hash sha256-x is not sri of the 32 bytes of sha256",
  );
  refused(
    { ...v4, outputs: { out: { method: "nar", hashAlgo: "sha256", path: "x" } } },
    "outputs.out has members that do not go together: method, hashAlgo, path",
  );
  refused(
    { ...v4, structuredAttrs: {}, env: { __json: "" } },
    "env.__json must not be there beside structuredAttrs",
  );
  refused(
    { version: 4, derivations: { [path.slice(11)]: { ...v4, name: "b" } } },
    `derivations.${path.slice(11)}.name is b, and the path has another`,
  );
  refused(inV1({ env: [] }), `${path}.env must be an object, not an array`);
  refused(
    inV1({ outputs: { out: { hashAlgo: "r:sha3" } } }),
    `${path}.outputs.out.hashAlgo is no method and algorithm, such as r:sha256`,
  );
});

test("JSON is read as the standard says, and nothing else", () => {
  for (const [text, message, offset] of [
    ["", "a value cannot begin with the end", 0],
    ["[1,]", "a value cannot begin with ]", 3],
    ["[01]", "a comma or ] must follow an element, not 1", 2],
    ['{"a":1,"a":2}', "an object has the member a twice", 7],
    ["{a:1}", "the name of a member must be a string, not a", 1],
    ['["é', "a string does not close", 1],
    ['"\\x"', "a string has an escape that JSON does not know", 0],
    ['"\\ud800"', "a string has half of a surrogate pair", 0],
    ['"\n"', "a control character in a string must be escaped", 1],
    ["nul", "a value cannot begin with n", 0],
    ["1 2", "the value is over, but 2 follows", 2],
    ["[".repeat(10_000), "it nests more than 1000 deep", 1000],
  ] as const)
    assertError(
      () => parseJson(text),
      `error[json-syntax]: this is no JSON: ${message}`,
      `  at offset ${offset}`,
    );
  assertError(
    () => parseJson(encodeText('["\udcff"]')),
    "error[json-syntax]: this is no JSON: a string is not UTF-8",
    "  at offset 1",
  );
});

test("JSON is read and written as JSON.parse and JSON.stringify do", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(0, 2), (value, indent) => {
      const plain = JSON.stringify(value, null, indent);
      assert.deepEqual(JSON.parse(formatJson(parseJson(plain), { indent })), JSON.parse(plain));
    }),
  );
});

test("mutated JSON is refused or read", () => {
  const files: Buffer[] = [encodeText(formatDerivations(new Map([[path, derivation]]), 1))];
  for (const name of ["consumer.4.json", "nested.4.json"])
    files.push(readFileSync(join(repository, "test/golden/derivation", name)));
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.nat(), fc.nat(20), fc.string(), (file, at, length, insert) => {
      const from = at % file.length;
      const bytes = Buffer.concat([file.subarray(0, from), encodeText(insert), file.subarray(from + length)]);
      try {
        for (const each of derivationsFromJson(bytes)) {
          const map = new Map([[each.path ?? path, each.derivation]]);
          const again = derivationsFromJson(formatDerivations(map, 4));
          assert.deepEqual(again[0]?.derivation, each.derivation);
        }
      } catch (error) {
        if (!(error instanceof CleaveError)) throw error;
        if (error.code === "json-syntax") assert.ok((error.location?.offset ?? Infinity) <= bytes.length);
      }
    }),
    { numRuns: 2000 },
  );
});
