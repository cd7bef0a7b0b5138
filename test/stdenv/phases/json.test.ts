import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../../src/base/index.ts";
import { needs, openPhaseRig } from "./rig.ts";

const values = fc.jsonValue({ stringUnit: "binary", maxDepth: 4 }) as fc.Arbitrary<Json>;

/** Values that a shell can hold: without U+0000 in strings or keys. */
const shellValues = values.map((value): Json => JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "")));

type Leaf = { readonly path: string; readonly words: readonly string[] | undefined; readonly text: string };

/** List all values in one, each with its path and what the shell is to read. */
function listValues(value: Json, path: string): Leaf[] {
  if (typeof value !== "object" || value === null)
    return [{ path, words: undefined, text: typeof value === "string" ? value : JSON.stringify(value) }];
  const entries = Object.entries(value);
  const simple = entries.every(([, each]) => typeof each !== "object" || each === null);
  const words = entries.map(([, each]) => (typeof each === "string" ? each : JSON.stringify(each)));
  return [
    ...(simple ? [{ path, words, text: "" }] : []),
    ...entries.flatMap(([key, each]) => listValues(each, `${path}.${key.replace(/[\\.]/g, "\\$&")}`)),
  ];
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

test("phases in shell read what JSON says", await needs("sh"), async () => {
  using rig = await openPhaseRig();
  fc.assert(
    fc.property(shellValues, (data) => {
      const leaves = listValues(data, "data");
      const lines = leaves.map(({ path, words }) =>
        words === undefined
          ? `phase_get ${shellQuote(path)} >>all; printf '\\000' >>all`
          : `words=$(phase_words ${shellQuote(path)}); eval "set -- $words"; for each in "$@"; do printf '%s\\000' "$each" >>all; done; printf '\\000' >>all`,
      );
      rig.succeed({ language: "sh", script: { text: [": >all", ...lines, ""].join("\n") }, data });
      const expected = leaves.map(({ words, text }) =>
        words === undefined ? `${text}\0` : `${words.map((word) => `${word}\0`).join("")}\0`,
      );
      assert.equal(readFileSync(join(rig.work, "all"), "utf8"), expected.join(""));
    }),
    { numRuns: 60 },
  );
});

test("phases in shell tell types, keys and what is missing", await needs("sh"), async () => {
  using rig = await openPhaseRig();
  const { log } = rig.run({
    language: "sh",
    script: {
      text: `log "$(phase_keys data)"
log "$(phase_get data.missing otherwise)"
phase_has data.list.1 && log has
phase_has data.list.2 || log has not
phase_result "{\\"text\\": $(json_string "$(phase_get data.text)")}"
phase_get data.list
`,
    },
    data: { "b b": 1, "it's": 2, list: ["x", null], text: 'a "b"\\\t\u0001\u007fé\nz' },
  });
  assert.equal(
    log,
    `'b b' 'it'"'"'s' 'list' 'text'
otherwise
has
has not
error in the phase test: data.list of phase.json is a list or an object
`,
  );
});

test("phases in shell report texts as JSON", await needs("sh"), async () => {
  using rig = await openPhaseRig();
  const text = fc.string({ unit: "binary", maxLength: 30 }).map((each) => each.replaceAll("\0", ""));
  fc.assert(
    fc.property(text, (data) => {
      const { result } = rig.succeed({
        language: "sh",
        script: { text: `text=$(phase_get data; printf .)\nphase_result "$(json_string "\${text%.}")"\n` },
        data,
      });
      assert.equal(result, data);
    }),
    { numRuns: 40 },
  );
});

for (const [text, why] of [
  ['{"a": "\\u0000"}', "U+0000"],
  ['{"a": "\\ud800"}', "surrogate"],
  ['{"a": 1,}', "no key"],
  ['{"a": [1 2]}', "no comma"],
  ['{"a": tru}', "no value"],
  ['{"a": "x', "in a string"],
  ['{"a": 1} x', "after the value"],
] as const)
  test(`what is not JSON is refused, in shell and in Lua: ${why}`, await needs("lua"), async () => {
    using rig = await openPhaseRig();
    const decode = `local phase = ...\nphase.json.decode([==[${text}]==])\n`;
    if (why !== "U+0000") {
      const lua = rig.run({ language: "lua", script: { text: decode } });
      assert.equal(lua.code, 1);
      assert.match(lua.log, /not JSON/);
    }
    const sh = rig.run({
      language: "sh",
      script: { text: `printf '%s' ${shellQuote(text)} >bad\n_file=bad\nphase_get a\n` },
    });
    assert.equal(sh.code, 1);
    assert.ok(sh.log.includes(why), sh.log);
  });

test("phases in Lua read and write what JSON says", await needs("lua"), async () => {
  using rig = await openPhaseRig();
  fc.assert(
    fc.property(fc.array(values, { maxLength: 30 }), (data) => {
      const plain = JSON.parse(JSON.stringify(data));
      const { result } = rig.succeed({
        language: "lua",
        script: { text: "local phase = ...\nreturn phase.data\n" },
        data,
      });
      assert.deepEqual(result, plain);
    }),
    { numRuns: 60 },
  );
});

test("phases in Lua keep bytes that are no UTF-8, and integers as they are", await needs("lua"), async () => {
  using rig = await openPhaseRig();
  const data = { bytes: "a\udc80\udcffz", integer: 9007199254740991, negative: -0.5, empty: {}, none: [] };
  const { result } = rig.succeed({
    language: "lua",
    script: {
      text: `local phase = ...
assert(phase.data.bytes == "a\\x80\\xffz")
assert(math.type(phase.data.integer) == "integer")
return phase.data
`,
    },
    data,
  });
  assert.deepEqual(result, data);
});
