/** The whole texts of the errors that users of modules can cause. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CleaveError, codes, describeError } from "../../src/base/index.ts";
import { repository } from "../support/cleave.ts";
import { golden } from "../support/golden.ts";

type Cases = { readonly cases: Readonly<Record<string, () => unknown>> };
const fixtures = ["./fixtures/wrong.ts", "./fixtures/throwing.ts"];
const all: Cases[] = await Promise.all(fixtures.map((file) => import(file)));

function textOf(run: () => unknown): { readonly code: string; readonly text: string } {
  try {
    return { code: "", text: `no error: ${String(run())}\n` };
  } catch (error) {
    if (!(error instanceof CleaveError)) return { code: "", text: `no coded error: ${String(error)}\n` };
    return { code: error.code, text: describeError(error).replaceAll(repository.replace(/\/?$/, "/"), "") };
  }
}

const texts = all
  .flatMap(({ cases }) => Object.entries(cases))
  .map(([name, run]) => ({ name, ...textOf(run) }));

test("the texts of errors", () => {
  golden("modules/errors.txt", texts.map(({ name, text }) => `== ${name}\n${text}`).join("\n"));
});

test("every wrong program has a coded error", () => {
  assert.deepEqual(
    texts.filter(({ code }) => code === ""),
    [],
  );
});

test("every code of modules and options has an error here", () => {
  const met = new Set<string>(texts.map(({ code }) => code));
  assert.deepEqual(
    Object.keys(codes).filter((code) => /^(module|option|property)-/.test(code) && !met.has(code)),
    [],
  );
});
