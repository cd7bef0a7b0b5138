/** Source maps, with Node's own reader as the referee. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { findMapping, readSourceMap } from "../../src/modules/source-map.ts";
import { temporaryFolder } from "../support/temp.ts";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Write a number as maps do. */
function encode(number: number): string {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** Columns of a line of the output, and what each says: a place, with a name or without. */
const lines = fc.array(
  fc.uniqueArray(
    fc.record({
      from: fc.nat(3000),
      source: fc.nat(2),
      line: fc.nat(70_000),
      column: fc.nat(2000),
      named: fc.boolean(),
    }),
    { selector: ({ from }) => from, maxLength: 8 },
  ),
  { maxLength: 12 },
);

test("mappings are found as Node finds them", () => {
  using temp = temporaryFolder();
  const file = join(temp.path, "a.js.map");
  fc.assert(
    fc.property(lines, fc.array(fc.tuple(fc.nat(13), fc.nat(3100)), { minLength: 20 }), (all, places) => {
      const last = { source: 0, line: 0, column: 0 };
      const mappings = all
        .map((each) => {
          let column = 0;
          return each
            .toSorted((a, b) => a.from - b.from)
            .map(({ from, named, ...place }) => {
              let text = encode(from - column);
              column = from;
              text += (["source", "line", "column"] as const)
                .map((field) => encode(place[field] - last[field]))
                .join("");
              Object.assign(last, place);
              return named ? `${text}A` : text;
            })
            .join(",");
        })
        .join(";");
      const payload = { version: 3, sources: ["a", "b", "c"], names: ["name"], mappings };
      writeFileSync(file, JSON.stringify(payload));
      const own = readSourceMap(file);
      assert.ok(own !== undefined);
      const theirs = new SourceMap({ ...payload, file: "", sourceRoot: "", sourcesContent: [] });
      for (const [line, column] of places) {
        const found = findMapping(own, line, column);
        const entry = theirs.findEntry(line, column);
        // Node goes on in the lines before.
        if ("generatedLine" in entry && entry.generatedLine === line)
          assert.deepEqual(found, {
            source: payload.sources.indexOf(entry.originalSource),
            line: entry.originalLine,
            column: entry.originalColumn,
          });
        else assert.equal(found, undefined);
      }
    }),
  );
  // What has one number has no source.
  writeFileSync(file, JSON.stringify({ version: 3, sources: ["a"], names: [], mappings: ";AACA,E,CAAC" }));
  const map = readSourceMap(file);
  assert.ok(map !== undefined);
  assert.deepEqual(
    [0, 1, 2, 3].map((column) => findMapping(map, 1, column)?.column),
    [0, 0, undefined, 1],
  );
  for (const text of ["", "{}", "[]", '{"mappings":1}']) {
    writeFileSync(file, text);
    assert.equal(readSourceMap(file), undefined);
  }
  assert.equal(readSourceMap(join(temp.path, "missing")), undefined);
});
