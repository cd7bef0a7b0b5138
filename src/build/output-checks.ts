/**
 * What a derivation forbids its outputs: references, closures, sizes.
 *
 * Without structured attributes `allowedReferences`, `allowedRequisites`, `disallowedReferences` and
 * `disallowedRequisites` hold for all outputs, whose requisites are without themselves; with them `outputChecks.<output>` has
 * the same, and `maxSize` and `maxClosureSize`, for one. An entry is a store path or the name of an output.
 */
import { CleaveError, compareText, quote } from "../base/index.ts";
import { isJsonRecord, type JsonRecord, Numeral } from "../nix/derivation/json-text.ts";
import { type Derivation, isStorePath, type StorePath, structuredAttrs } from "../nix/index.ts";
import { attributesOf } from "./attributes.ts";

type OutputChecks = {
  readonly allowedReferences?: readonly string[] | undefined;
  readonly allowedRequisites?: readonly string[] | undefined;
  readonly disallowedReferences?: readonly string[] | undefined;
  readonly disallowedRequisites?: readonly string[] | undefined;
  /** Whether an output is no requisite of itself. */
  readonly ignoreSelfRefs?: boolean;
  /** In bytes. */
  readonly maxSize?: number | undefined;
  readonly maxClosureSize?: number | undefined;
};

/** What the checks need to know of a path: what it refers to and how long its NAR is, in bytes. */
export type Checked = { readonly references: readonly StorePath[]; readonly narSize: number };

const lists = [
  "allowedReferences",
  "allowedRequisites",
  "disallowedReferences",
  "disallowedRequisites",
] as const;

/** Say whether anything is forbidden to any output. */
export function hasChecks(derivation: Derivation): boolean {
  return [...derivation.outputs.keys()].some((name) => {
    const { ignoreSelfRefs: _, ...checks } = checksOf(derivation, name);
    return Object.values(checks).some((each) => each !== undefined);
  });
}

/** Give what is forbidden to one output. Throws `build-bad-attribute`. */
function checksOf(derivation: Derivation, output: string): OutputChecks {
  const attrs = structuredAttrs(derivation);
  if (attrs === undefined) {
    const { list } = attributesOf(derivation);
    return { ...Object.fromEntries(lists.map((name) => [name, list(name)])), ignoreSelfRefs: true };
  }
  const all = attrs["outputChecks"];
  const own = isJsonRecord(all) ? all[output] : undefined;
  return isJsonRecord(own) ? readChecks(derivation, output, own) : {};
}

function readChecks(derivation: Derivation, output: string, own: JsonRecord): OutputChecks {
  const refuse = (name: string, what: string) =>
    new CleaveError({
      code: "build-bad-attribute",
      message: `the attribute outputChecks.${output}.${name} of the derivation ${derivation.name} is not ${what}`,
      hint: "mend the recipe: Nix takes it in this form only",
    });
  const list = (name: string): readonly string[] | undefined => {
    const value = own[name];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((each) => typeof each === "string"))
      throw refuse(name, "a list of texts");
    return value;
  };
  const size = (name: string): number | undefined => {
    const value = own[name];
    if (value instanceof Numeral) return Math.trunc(Number(value.source));
    if (value !== undefined && typeof value !== "number") throw refuse(name, "a number of bytes");
    return value;
  };
  return {
    ...Object.fromEntries(lists.map((name) => [name, list(name)])),
    maxSize: size("maxSize"),
    maxClosureSize: size("maxClosureSize"),
  };
}

/**
 * Check an output. `outputs` has the path of every output by name, `look` knows them and all that they refer to.
 * Throws `build-forbidden-reference` and `build-too-large`.
 */
export function checkOutput(
  derivation: Derivation,
  output: string,
  outputs: ReadonlyMap<string, StorePath>,
  look: (path: StorePath) => Checked,
): void {
  const checks = checksOf(derivation, output);
  const own = outputs.get(output);
  if (own === undefined) throw new Error(`${derivation.name} has no output ${output}`);
  const { references, narSize } = look(own);
  if (checks.maxSize !== undefined && narSize > checks.maxSize)
    throw tooLarge(own, "is", narSize, checks.maxSize);
  let closure: ReadonlySet<StorePath> | undefined;
  const closureOf = (): ReadonlySet<StorePath> => (closure ??= reach(own, look));
  if (checks.maxClosureSize !== undefined) {
    let size = 0;
    for (const path of closureOf()) size += look(path).narSize;
    if (size > checks.maxClosureSize)
      throw tooLarge(own, "has a closure that is", size, checks.maxClosureSize);
  }
  const resolve = (entries: readonly string[]): ReadonlySet<StorePath> =>
    new Set(
      entries.map((entry) => {
        if (isStorePath(entry)) return entry;
        const path = outputs.get(entry);
        if (path !== undefined) return path;
        throw new CleaveError({
          code: "build-bad-attribute",
          message: `the checks of ${derivation.name} name ${quote(entry)}, which is neither a store path nor an output`,
          hint: `the outputs are ${[...outputs.keys()].join(", ")}`,
        });
      }),
    );
  for (const name of lists) {
    const entries = checks[name];
    if (entries === undefined) continue;
    const listed = resolve(entries);
    const all = name.endsWith("Requisites") ? closureOf() : references;
    const wrong = [...all].filter(
      (path) =>
        !(path === own && checks.ignoreSelfRefs === true && name.endsWith("Requisites")) &&
        listed.has(path) !== name.startsWith("allowed"),
    );
    if (wrong.length > 0) throw forbidden(own, name, wrong.sort(compareText));
  }
}

function reach(start: StorePath, look: (path: StorePath) => Checked): ReadonlySet<StorePath> {
  const found = new Set([start]);
  for (const path of found) for (const next of look(path).references) found.add(next);
  return found;
}

function forbidden(own: StorePath, name: (typeof lists)[number], paths: readonly StorePath[]): CleaveError {
  const how = name.endsWith("Requisites") ? "in its closure" : "directly";
  return new CleaveError({
    code: "build-forbidden-reference",
    message: `the output ${own} refers ${how} to what ${name} forbids:${paths.map((path) => `\n    ${path}`).join("")}`,
    hint: `look for the path in the output, or change ${name}`,
  });
}

function tooLarge(own: StorePath, what: string, size: number, most: number): CleaveError {
  return new CleaveError({
    code: "build-too-large",
    message: `the output ${own} ${what} ${size} bytes, and ${most} are allowed`,
    hint: "make it smaller, or raise maxSize or maxClosureSize in the recipe",
  });
}
