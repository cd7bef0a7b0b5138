import assert from "node:assert/strict";
import { test } from "node:test";
import { describeSize, plainReporter, terminalReporter } from "../../src/cli/reporter.ts";

test("a plain reporter writes warnings and no progress", () => {
  let text = "";
  const { report } = plainReporter((part) => {
    text += part;
  });
  report({ type: "progress", what: "hashing", done: 1, total: 2 });
  report({ type: "warning", message: "odd", hint: "mend it" });
  assert.equal(text, "warning: odd\n  hint: mend it\n");
});

test("a terminal reporter draws progress after a while, within the width, and takes it away", () => {
  let text = "";
  let now = 0;
  const { report, clear } = terminalReporter(
    (part) => {
      text += part;
    },
    () => 20,
    () => now,
  );
  report({ type: "progress", what: "hashing", done: 1, total: 2 });
  assert.equal(text, "");
  now = 500;
  report({ type: "progress", what: "hashing", done: 1024, total: 4096 });
  now = 550;
  report({ type: "progress", what: "hashing", done: 2048, total: 4096 });
  clear();
  clear();
  assert.equal(text, "\r\u001b[Khashing: 1.00 KiB o\r\u001b[K");
});

test("sizes have a unit and three digits", () => {
  assert.deepEqual([0, 1023, 1024, 10239, 285_000_000, 2 ** 40].map(describeSize), [
    "0 B",
    "1023 B",
    "1.00 KiB",
    "10.0 KiB",
    "272 MiB",
    "1.00 TiB",
  ]);
});
