/** What a phase reports in `result.json`. */
import { decodeText, lstat, readFile } from "cleave:native";
import { Failure } from "./failure.ts";
import type { GroupPhase } from "./group.ts";
import { phaseDirectory } from "./places.ts";
import { type JsonValue, mismatches } from "./schema.ts";

const file = `${phaseDirectory}/result.json`;

/** The longest report. */
const longest = 64 * 1024 * 1024;

/** Read what a phase has reported, `null` for one that reports nothing, and check it against the schema of the phase. */
export function readResult({ name, result: schema }: GroupPhase): JsonValue {
  const refuse = (what: string, hint: string): never => {
    throw new Failure(`the result of the phase ${name} ${what}`, { hint });
  };
  const status = lstat(file);
  if (schema === null)
    return status === null
      ? null
      : refuse("is not declared", "give the phase a result schema, or write no result.json");
  if (status === null)
    return refuse("is missing", "the phase has a result schema, so it must write result.json");
  if (status.type !== "file" || status.size > longest)
    return refuse(
      status.type === "file" ? `has ${status.size} bytes` : `is a ${status.type}`,
      `result.json is a file of at most ${longest} bytes`,
    );
  let value: JsonValue = null;
  try {
    // Written and read again, so that later phases are told the same, whether or not it goes through a state.
    value = JSON.parse(JSON.stringify(JSON.parse(decodeText(readFile(file)))));
  } catch (error) {
    refuse(`is not JSON: ${error instanceof Error ? error.message : error}`, "write one JSON value");
  }
  const found = mismatches(schema, value).slice(0, 5);
  if (found.length > 0)
    refuse(`breaks its schema: ${found.join("; ")}`, "report what the schema says, or change the schema");
  return value;
}
