/** The output of a branch: what its phase reports. */
import { writeFile } from "cleave:native";
import type { Group } from "./group.ts";
import { singleOutput } from "./outputs.ts";
import type { JsonValue } from "./schema.ts";

/** Write the result of a branch, `{ "phase": "check", "result": … }`, to the output `out`. */
export function reportBranch(group: Group, results: Readonly<Record<string, JsonValue>>): void {
  const phase = group.phases[0]?.name ?? "";
  const report = { phase, result: results[phase] ?? null };
  writeFile(singleOutput(group), `${JSON.stringify(report, null, 2)}\n`);
}
