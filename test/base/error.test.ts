import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError, describeError, describeLocation } from "../../src/base/index.ts";

test("an error is shown with its place, causes, hint and the command that explains it", () => {
  const cause = new CleaveError({
    code: "text-lone-surrogate",
    message: "half a pair",
    location: { file: "a b.ts", line: 3, column: 7 },
  });
  const error = new CleaveError({
    code: "cli-usage",
    message: "this cannot be",
    hint: "do that",
    location: { file: "x.nar" },
    cause,
  });
  assert.equal(
    describeError(error.at({ file: "outer", offset: 12 })),
    [
      "error[cli-usage]: this cannot be",
      "  at x.nar, offset 12",
      "  because[text-lone-surrogate]: half a pair",
      '    at "a b.ts":3:7',
      "  hint: do that",
      "  more: cleave explain cli-usage",
      "",
    ].join("\n"),
  );
});

test("a location says what is known of it", () => {
  assert.equal(describeLocation({ offset: 5 }), "offset 5");
  assert.equal(describeLocation({ file: "f", line: 2 }), "f:2");
});
