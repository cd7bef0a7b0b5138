import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError } from "../../src/base/index.ts";
import { inOneLine } from "../../src/cli/build-board.ts";
import { plainReporter, terminalReporter } from "../../src/cli/reporter.ts";
import { describeSize } from "../../src/cli/size.ts";
import { cut } from "../../src/cli/width.ts";

test("a plain reporter writes warnings and no progress", () => {
  let text = "";
  const { report } = plainReporter((part) => {
    text += part;
  });
  report({ type: "progress", what: "hashing", done: 1, total: 2 });
  report({ type: "warning", message: "odd", hint: "mend it" });
  assert.equal(text, "warning: odd\n  hint: mend it\n");
});

/** A terminal that keeps what is written, with a clock that is set by hand. */
function terminal(columns: number) {
  const state = { text: "", now: 0, ticking: false };
  const reporter = terminalReporter({
    write: (part) => {
      state.text += part;
    },
    columns: () => columns,
    rows: () => 24,
    now: () => state.now,
    every: () => {
      state.ticking = true;
      return () => {
        state.ticking = false;
      };
    },
  });
  return { state, ...reporter };
}

test("a terminal reporter draws progress after a while, within the width, and takes it away", () => {
  const { state, report, clear } = terminal(20);
  report({ type: "progress", what: "hashing", done: 1, total: 2 });
  assert.equal(state.text, "");
  state.now = 500;
  report({ type: "progress", what: "hashing", done: 1024, total: 4096 });
  state.now = 550;
  report({ type: "progress", what: "hashing", done: 2048, total: 4096 });
  clear();
  clear();
  assert.equal(state.text, "hashing: 1.00 KiB …\r\u001b[J");
});

test("a terminal reporter shows what runs, for how long, and what it said last", () => {
  const { state, report, clear } = terminal(40);
  const [a, b] = [
    "/nix/store/00000000000000000000000000000000-a.drv",
    "/nix/store/11111111111111111111111111111111-long-name.drv",
  ];
  report({ type: "builds", total: 3 });
  report({ type: "build-started", derivation: a });
  report({ type: "build-started", derivation: b });
  state.now = 12_300;
  report({ type: "build-log", derivation: a, line: "\u001b[31mchecking\u001b[0m for a very long feature" });
  clear();
  assert.equal(
    state.text,
    "0 of 3 built, 2 running\n  a           12 s  checking for a ver\u2026\n  long-name   12 s  \r\u001b[2A\u001b[J",
  );
  state.text = "";
  report({ type: "build-ended", derivation: a, outcome: "built", seconds: 12.3 });
  report({ type: "build-ended", derivation: b, outcome: "failed", seconds: 200 });
  clear();
  assert.equal(state.text, "built a in 12 s\nfailed long-name after 3m20s\n");
  assert.equal(state.ticking, false);
});

test("what a terminal draws takes no more columns than there are, in any script", () => {
  assert.equal(cut("0123456789", 10), "0123456789");
  assert.equal(cut("0123456789a", 10), "012345678…");
  assert.equal(cut("漢字漢字漢", 10), "漢字漢字漢");
  assert.equal(cut("漢字漢字漢字", 10), "漢字漢字…");
  assert.equal(cut("a漢字漢字漢字", 10), "a漢字漢字…");
  assert.equal(cut("😀😀😀", 5), "😀😀…");
  // A mark on a letter goes with it, and takes no room.
  assert.equal(cut("e\u0301e\u0301e\u0301", 3), "e\u0301e\u0301e\u0301");
  assert.equal(cut("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  const { state, report, clear } = terminal(20);
  const derivation = "/nix/store/00000000000000000000000000000000-a.drv";
  report({ type: "builds", total: 1 });
  report({ type: "build-started", derivation });
  state.now = 1000;
  state.text = "";
  report({ type: "build-log", derivation, line: "漢字漢字漢字" });
  clear();
  assert.match(state.text, /\n {2}a {2}1\.0 s {2}漢字漢…\r/);
});

test("beside builds, progress that goes on no more goes away", () => {
  const { state, report, clear } = terminal(60);
  const derivation = "/nix/store/00000000000000000000000000000000-a.drv";
  report({ type: "builds", total: 1 });
  report({ type: "build-started", derivation });
  state.now = 1000;
  report({ type: "progress", what: "unpacking", done: 2 ** 20 });
  state.text = "";
  state.now = 1500;
  report({ type: "build-phase", derivation, phase: "make" });
  assert.match(state.text, /\n {2}a +1\.5 s {2}make: \nunpacking: 1\.00 MiB$/);
  state.text = "";
  state.now = 3000;
  report({ type: "build-log", derivation, line: "one" });
  assert.doesNotMatch(state.text, /unpacking/);
  clear();
});

test("a plain reporter writes what builds and logs, without control characters", () => {
  let text = "";
  const { report } = plainReporter((part) => {
    text += part;
  });
  const derivation = "/nix/store/00000000000000000000000000000000-a.drv";
  report({ type: "builds", total: 1 });
  report({ type: "build-waiting", derivation });
  report({ type: "build-started", derivation });
  report({ type: "build-log", derivation, line: "\u001b]0;title\u0007hi\u0008 \udcff" });
  report({ type: "build-ended", derivation, outcome: "valid", seconds: 0 });
  assert.equal(
    text,
    [
      "1 derivation to build",
      `waiting for another process that builds ${derivation}`,
      `building ${derivation}`,
      "a> hi \ufffd",
      "a was built by another process",
      "",
    ].join("\n"),
  );
});

test("an error that quotes a builder moves no cursor", () => {
  let text = "";
  const { complain } = plainReporter((part) => {
    text += part;
  });
  complain(
    new CleaveError({
      code: "build-failed",
      message: "it said last:\n    \u001b[2J\u001b[31mred\u001b[0m\tand\rmore",
      hint: "a hint",
    }),
  );
  assert.equal(
    text,
    "error[build-failed]: it said last:\n    red andmore\n  hint: a hint\n  more: cleave explain build-failed\n",
  );
  assert.equal(inOneLine("two\n  lines\u001b[31m"), "two lines");
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
