import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, encodeText } from "../../../src/base/index.ts";
import { formatDerivation, makeGraph, parseDerivation } from "../../../src/nix/index.ts";
import { repository } from "../../support/cleave.ts";
import { graphs, makeNodes } from "../../support/derivation-graph.ts";
import { assertError } from "../../support/throws.ts";

const a = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a";
const b = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-b";
const good = `Derive([("out","${a}","","")],[("${b}.drv",["out"])],["${b}"],"x86_64-linux","/bin/sh",["-c"],[("out","${a}")])`;

test("a derivation is read field by field", () => {
  const bytes = encodeText(good.replace('"-c"', '"-c","\\n\\r\\t\\"\\\\","\udcff","é"'));
  const read = parseDerivation(bytes, "a");
  assert.deepEqual(read, {
    name: "a",
    outputs: new Map([["out", { type: "input-addressed", path: a }]]),
    inputDrvs: new Map([[`${b}.drv`, { outputs: ["out"] }]]),
    inputSrcs: [b],
    platform: "x86_64-linux",
    builder: "/bin/sh",
    args: ["-c", '\n\r\t"\\', "\udcff", "é"],
    env: new Map([["out", a]]),
  });
  assert.ok(encodeText(formatDerivation(read)).equals(bytes));
});

const hash = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

/** What replaces what in the good derivation, and what is said of what place then. */
const mistakes: readonly (readonly [part: string, instead: string, at: string, message: string])[] = [
  [good, "", "", "Derive( must follow, not the end"],
  ["Derive(", "", '[("out"', 'Derive( must follow, not [("out"'],
  ["Derive(", 'DrvWithVersion("2",', '"2"', "it is of the version 2, which there is not but xp-dyn-drv"],
  [
    "Derive(",
    'DrvWithVersion("xp-dyn-drv",',
    "D",
    "the form DrvWithVersion is for outputs of outputs, and there are none",
  ],
  [
    '["out"])]',
    '(["out"],[("out",["out"])]))]',
    '(["out"]',
    "outputs of outputs need the form DrvWithVersion",
  ],
  ['([("out"', '(("out"', '("out"', "[ must follow, not ("],
  ['["-c"]', '["-c"', '[("out","', '" must follow, not ['],
  ['["-c"]', '["-c""-d"]', '"-d"', 'a comma or ] must follow, not "'],
  ['"-c"', '"-c', 'out","', "a comma or ] must follow, not o"],
  ['"-c"', '"-c\\a"', "\\a", "a string has the escape \\a, which Nix does not write"],
  ['"-c"', '"-\n"', "\n", "a newline, return or tab in a string stands as it is, where Nix writes an escape"],
  ['"x86_64-linux"', '"x86\\n"', "\\", "a backslash stands in a string that has no escapes"],
  [`["${b}"]`, `["${b}","${b}"]`, `"${b}"]`, `the source ${b} stands twice`],
  [`["${b}"]`, `["${b}","${a}"]`, `"${a}"]`, `the source ${a} is out of order, after ${b}`],
  [`["${b}"]`, '["/nix/store/b"]', '"/nix/store/b"', "/nix/store/b is no store path"],
  [`("${b}.drv"`, '("/tmp/b.drv"', '"/tmp/b.drv"', "/tmp/b.drv is no store path"],
  [`[("out","${a}")]`, '[("z",""),("out","")]', '("out","")', "the variable out is out of order, after z"],
  [`"${a}","",""`, `"${a}","","${hash}"`, `"${hash}"`, "an output has a hash but no algorithm"],
  [`"${a}","",""`, '"","sha3",""', '"sha3"', "sha3 is no method and algorithm (such as sha256, r:sha256)"],
  [
    `"${a}","",""`,
    `"${a}","sha256",""`,
    `"${a}","sha256"`,
    "an output has a path although its hash is not known",
  ],
  [`"${a}","",""`, `"","sha256","${hash}"`, '"","sha256"', "an output with a known hash has no path"],
  [`"${a}","",""`, `"${a}","sha256","abc"`, '"abc"', "abc is no sha256 in small base16"],
];

test("what is no derivation is refused, with the offset", () => {
  for (const [part, instead, at, message] of mistakes) {
    assert.ok(good.includes(part), part);
    const text = good.replace(part, () => instead);
    const [said, offset] = refusal(text);
    assert.equal(said, `this is no derivation: ${message}`);
    assert.ok(text.startsWith(at, offset), `${message} at ${offset}, not where ${at} is`);
  }
  assertError(
    () => parseDerivation(encodeText(`${good}\n`), "a"),
    "error[derivation-syntax]: this is no derivation: it is over, but 1 bytes follow",
    `  at offset ${good.length}`,
  );
});

test("a derivation that is cut off is refused wherever that is", () => {
  for (let length = 0; length < good.length; length += 1) {
    const [message, offset] = refusal(good.slice(0, length));
    assert.ok(message.startsWith("this is no derivation: "));
    assert.ok(offset <= length);
  }
});

test("outputs of outputs nest 1000 deep at most", () => {
  const nest = (depth: number) =>
    good
      .replace("Derive(", 'DrvWithVersion("xp-dyn-drv",')
      .replace('["out"])]', `${'([],[("o",'.repeat(depth)}["out"]${")])".repeat(depth)})]`);
  const read = parseDerivation(encodeText(nest(999)), "a");
  assert.equal(formatDerivation(read), nest(999));
  for (const depth of [1000, 10_000])
    assert.deepEqual(
      refusal(nest(depth))[0],
      "this is no derivation: outputs of outputs nest more than 1000 deep",
    );
});

test("reading takes time in proportion to the file, whatever is in it", () => {
  // A quadratic reader would take minutes.
  const many = 200_000;
  const long = good.replace('"-c"', `"${"\\n".repeat(many)}"${',"x"'.repeat(many)}`);
  assert.equal(formatDerivation(parseDerivation(encodeText(long), "a")), long);
  refusal(good.replace('"x86_64-linux"', `"${"\n".repeat(many)}"`).replace('"-c"', '"\t"'));
  refusal(`${good.slice(0, -40)}${'\\"'.repeat(many)}`);
});

function refusal(text: string): [message: string, offset: number] {
  try {
    parseDerivation(encodeText(text), "a");
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    assert.equal(error.code, "derivation-syntax");
    return [error.message, error.location?.offset ?? -1];
  }
  assert.fail(`taken for a derivation: ${text.slice(0, 300)}`);
}

test("mutated derivations are refused or written again as they were", () => {
  const files = [
    ...fc
      .sample(graphs(30, true), { numRuns: 4, seed: 1 })
      .flatMap((nodes) => makeNodes(nodes, makeGraph()).map(({ made }) => encodeText(made.text))),
    readFileSync(join(repository, "test/golden/derivation/consumer.drv")),
    readFileSync(join(repository, "test/golden/derivation/nested.drv")),
  ];
  const tokens = ['"', "\\", "(", ")", "[", "]", ",", "\\n", "\n", "é", "\udc80", "impure", "r:", "Derive("];
  const mutation = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(40),
    insert: fc.oneof(fc.constantFrom(...tokens), fc.constant(""), fc.constant("copy")),
  });
  let read = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      (file, mutations) => {
        let bytes: Buffer = file;
        for (const { at, length, insert } of mutations) {
          const from = Math.floor(at * bytes.length);
          const part = bytes.subarray(from, from + length);
          const instead = insert === "copy" ? Buffer.concat([part, part]) : encodeText(insert);
          bytes = Buffer.concat([bytes.subarray(0, from), instead, bytes.subarray(from + length)]);
        }
        try {
          const derivation = parseDerivation(bytes, "a");
          assert.ok(encodeText(formatDerivation(derivation)).equals(bytes));
          read += 1;
        } catch (error) {
          if (!(error instanceof CleaveError)) throw error;
          assert.equal(error.code, "derivation-syntax");
          const offset = error.location?.offset ?? -1;
          assert.ok(offset >= 0 && offset <= bytes.length, `offset ${offset} of ${bytes.length}`);
        }
      },
    ),
    { numRuns: 5000 },
  );
  assert.ok(read > 10);
});
