import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Compile } from "typebox/compile";
import { contractVersion, PhaseFile } from "../../src/phases/contract.ts";
import { readResult } from "../../src/phases/result.ts";
import { repository } from "../support/cleave.ts";
import { assertError } from "../support/throws.ts";

test("the schema of phase.json is the one in the golden file of its version", () => {
  const golden = join(repository, `test/golden/contract-${contractVersion}.schema.json`);
  const text = `${JSON.stringify(PhaseFile, null, 2)}\n`;
  if (process.env["CLEAVE_ACCEPT"] === "1") {
    writeFileSync(golden, text);
    assert.fail("the golden file was written; run again without CLEAVE_ACCEPT");
  }
  assert.equal(text, readFileSync(golden, "utf8"));
});

test("phase.json has exactly the fields of the contract", () => {
  const platform = { cpu: "x86_64", kernel: "linux", abi: "musl" };
  const file: PhaseFile = {
    contract: 1,
    package: { name: "hello", version: "2.10" },
    phase: { name: "build", index: 3 },
    platforms: { build: platform, host: platform, target: platform },
    cores: 2,
    workDirectory: "/build/work",
    temporaryDirectory: "/build/tmp",
    outputs: { out: "/nix/store/placeholder-hello" },
    inputs: { tools: { make: ["/nix/store/make"] }, libraries: {} },
    data: { flags: ["-j"] },
    results: {},
  };
  const validator = Compile(PhaseFile);
  assert.ok(validator.Check(file));
  assert.ok(!validator.Check({ ...file, environment: {} }));
  assert.ok(!validator.Check({ ...file, contract: 2 }));
  assert.ok(!validator.Check({ ...file, cores: 0 }));
});

test("a result is checked against its schema", () => {
  const phase = {
    name: "build",
    result: {
      type: "object",
      required: ["count"],
      properties: { count: { type: "integer" } },
      additionalProperties: false,
    },
  };
  assert.deepEqual(readResult(phase, '{"count":3}'), { count: 3 });
  assert.equal(readResult({ name: "build", result: null }, undefined), null);
  assertError(
    () => readResult(phase, '{"count":"three"}'),
    "error[phase-bad-result]: the result of the phase build breaks its schema: /count must be integer",
    "  at result.json",
    "  hint: report what the schema says, or change the schema",
  );
  assertError(
    () => readResult(phase, undefined),
    "error[phase-bad-result]: the result of the phase build is missing",
    "  at result.json",
    "  hint: the phase has a result schema, so it must write result.json",
  );
  assertError(
    () => readResult({ name: "build", result: null }, "{}"),
    "error[phase-bad-result]: the result of the phase build is not declared",
    "  at result.json",
    "  hint: give the phase a result schema, or write no result.json",
  );
  assert.throws(() => readResult(phase, "{"), /is not JSON/);
});
