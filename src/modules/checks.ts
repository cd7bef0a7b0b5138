/** Assertions and warnings that modules make, and the warnings about old names. */
import { CleaveError } from "../base/index.ts";
import { settle } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";
import { defineModule } from "./module.ts";
import { mkOption } from "./option.ts";
import { namesOf, placeOf, showPath } from "./place.ts";
import { describePlace, describeSource } from "./problem.ts";
import { listOf } from "./types/list.ts";
import { bool } from "./types/scalar.ts";
import { submodule } from "./types/submodule.ts";
import { string } from "./types/text.ts";

const assertions = mkOption({
  type: listOf(
    submodule({
      options: {
        assertion: mkOption({ type: bool, description: "What must hold." }),
        message: mkOption({ type: string, description: "What to say where it does not." }),
      },
    }),
  ),
  default: [],
  description: "What must hold of the configuration. `evalModules(…).check()` throws where it does not.",
});

const warnings = mkOption({
  type: listOf(string),
  default: [],
  description: "What the user should know; `evalModules(…).warnings` lists it.",
});

/** The module for `assertions` and `warnings`, as in NixOS. A module uses it to make some. */
export const checks = defineModule("checks", { options: { assertions, warnings } });

/** Throw `module-assertion` where an assertion of {@link checks} does not hold, with all messages. */
export function checkAssertions(evaluation: Evaluation): void {
  const value = readDeclared(evaluation, assertions);
  const failed = value.flatMap((each) => (isFailed(each) ? [`\n    ${String(each.message)}`] : []));
  if (failed.length > 0)
    throw new CleaveError({
      code: "module-assertion",
      message: `${failed.length === 1 ? "an assertion does" : `${failed.length} assertions do`} not hold:${failed.join("")}`,
      hint: "change the options that the message names",
    });
}

function isFailed(value: unknown): value is { readonly message: unknown } {
  return typeof value === "object" && value !== null && "assertion" in value && value.assertion === false;
}

/** List the warnings of modules, and of options that are defined under an old name. */
export function listWarnings(evaluation: Evaluation): readonly string[] {
  const made = readDeclared(evaluation, warnings).map(String);
  const old = evaluation.oldNames.flatMap((each) => {
    const { evaluation, redirect } = each;
    const at = placeOf(evaluation.place, redirect.path);
    if ("definition" in each && settle(at, [each.definition]).length === 0) return [];
    const who =
      "definition" in each
        ? `defined by ${describeSource(each.definition, at)}`
        : `read by module ${each.reader.name}${describePlace(each.location)}`;
    const { names = [] } = evaluation.compiled.declarations[redirect.index] ?? {};
    const now = namesOf(placeOf(evaluation.place, [...names, ...redirect.inside]));
    return [`the option ${showPath(namesOf(at))}, ${who}, is now called ${showPath(now)}`];
  });
  // What was looked at more than once, as by an added check, is one definition all the same.
  return [...made, ...new Set(old)];
}

/** Read an option of {@link checks}, if that module takes part. */
function readDeclared(evaluation: Evaluation, option: unknown): readonly unknown[] {
  const index = evaluation.compiled.declarations.findIndex(({ declarers }) =>
    declarers.some((each) => each.option === option),
  );
  if (index < 0) evaluation.prepare();
  const value: unknown = index < 0 ? [] : evaluation.read(index);
  return Array.isArray(value) ? value : [];
}
