/** What a phase reports in `result.json`, checked against its schema. */
import { Compile } from "typebox/compile";
import { CleaveError, type Json } from "../base/index.ts";
import type { Phase } from "./phase.ts";

/**
 * Read the text of a phase's `result.json`; `undefined` stands for no such file. Gives `null` for a phase that
 * reports nothing. Throws `phase-bad-result` with the path and every fact of the first mismatches.
 */
export function readResult(phase: Pick<Phase, "name" | "result">, text: string | undefined): Json {
  const refuse = (message: string, hint: string): CleaveError =>
    new CleaveError({
      code: "phase-bad-result",
      message: `the result of the phase ${phase.name} ${message}`,
      hint,
      location: { file: "result.json" },
    });
  if (phase.result === null) {
    if (text === undefined) return null;
    throw refuse("is not declared", "give the phase a result schema, or write no result.json");
  }
  if (text === undefined)
    throw refuse("is missing", "the phase has a result schema, so it must write result.json");
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`is not JSON: ${error instanceof Error ? error.message : error}`, "write one JSON value");
  }
  const validator = Compile(phase.result);
  if (validator.Check(value)) return value;
  const mismatches = validator
    .Errors(value)
    .slice(0, 5)
    .map(({ instancePath, message }) => `${instancePath === "" ? "the value" : instancePath} ${message}`);
  throw refuse(
    `breaks its schema: ${mismatches.join("; ")}`,
    "report what the schema says, or change the schema",
  );
}
