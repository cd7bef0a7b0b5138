/**
 * Explaining: the whole story of one value.
 *
 * Evaluations keep values only. To explain one, everything is evaluated once more, with a listener to who reads
 * what; thunks are pure, so this changes nothing.
 */
import { types } from "node:util";
import type { Location } from "../base/error.ts";
import { CleaveError, compareText, nearest } from "../base/index.ts";
import { type Entry, Group, Redirect } from "./compiled.ts";
import type { Declaration } from "./declaration.ts";
import { type Definition, discharge, strongest } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";
import { keeping, tracing } from "./forcing.ts";
import { locate, locateAll, locateDeclaration } from "./locate.ts";
import { type Place, parsePath, placeOf, showPath, showPlace } from "./place.ts";
import { describePlace, describeValue } from "./problem.ts";
import { orders, priorities } from "./property.ts";
import { evaluationOf, removed, valueAt } from "./record.ts";
import { frozenCopy, isRecord } from "./types/check.ts";
import type { Type } from "./types/type.ts";

/** What became of a definition: it counts, a stronger one wins over it, or its conditions do not hold. */
export type Outcome = "used" | "overridden" | "condition does not hold";

export type ExplainedDefinition = {
  readonly module: string;
  readonly location: Location | undefined;
  readonly priority: number;
  readonly order: number;
  readonly conditional: boolean;
  readonly outcome: Outcome;
  /** The option's own default. */
  readonly isDefault: boolean;
  /** Without its properties; absent where the conditions do not hold, as it is not run then. */
  readonly value?: unknown;
};

export type Explanation = {
  readonly path: readonly string[];
  readonly type: string;
  readonly description: string | undefined;
  readonly declarations: readonly { readonly module: string; readonly location: Location | undefined }[];
  /** The strongest first, in the order in which they are merged. */
  readonly definitions: readonly ExplainedDefinition[];
  /** The merged value, or what computing it throws; neither where its definitions stand under conditions. */
  readonly value?: unknown;
  readonly error?: unknown;
  /** The options whose values were computed from this one, in this evaluation. */
  readonly readBy: readonly string[];
};

/** An option, and the names inside of its value that a path goes on with. */
type Target = {
  readonly evaluation: Evaluation;
  readonly index: number;
  readonly inside: readonly string[];
  /** Nothing is there in the value. */
  readonly isMissing: boolean;
};

/** Explain the option at a path, or what is inside of an option's value. Throws `option-unknown` and `option-removed`. */
export function explain(original: Evaluation, path: string | readonly string[]): Explanation {
  return keeping(() => explainKept(original, path));
}

function explainKept(original: Evaluation, path: string | readonly string[]): Explanation {
  const root = original.again();
  const names = parsePath(path);
  const target = find(root, names, names);
  const { evaluation, index, inside, isMissing } = target;
  const declaration = evaluation.compiled.declarations[index];
  if (declaration === undefined) throw new Error("an option without a declaration");
  const readBy = readersOf(root, evaluation, index);
  const option = placeOf(evaluation.place, declaration.names);
  const raw = evaluation.definitionsOf(index);
  const { standard } = declaration;
  const whole = standard === undefined ? raw : [...raw, standard];
  let definitions = explode(whole.map((definition) => ({ definition, place: option, isWhole: false })));
  let type = declaration.type;
  for (const name of inside) {
    definitions = explode(definitions.flatMap((each) => stepInside(type, name, each)));
    type = type.inside?.(name) ?? type;
  }
  if (isMissing && definitions.length === 0) throw unknownInside(evaluation, index, inside, names);
  return {
    path: names,
    type: type.description,
    description: declaration.facts.description,
    declarations: declaration.declarers.map(({ source: { module } }) => ({
      module: module.name,
      location: locateDeclaration(module, declaration.names),
    })),
    definitions: present(declaration, definitions),
    ...(isMissing
      ? {}
      : outcomeOf(() => {
          let value = evaluation.read(index);
          for (const name of inside) value = valueAt(value, name);
          return value;
        })),
    readBy: [...readBy].sort(compareText),
  };
}

function outcomeOf(read: () => unknown): { value: unknown } | { error: unknown } {
  try {
    return { value: read() };
  } catch (error) {
    return { error };
  }
}

/** Go down a path through records, submodules and attributes. */
function find(evaluation: Evaluation, names: readonly string[], whole: readonly string[]): Target {
  let entry: Entry | undefined = evaluation.compiled.root;
  let at = 0;
  let group = evaluation.compiled.root;
  while (entry instanceof Group && at < names.length) {
    group = entry;
    entry = entry.names.get(names[at] ?? "");
    at += 1;
  }
  if (entry instanceof Group)
    throw new CleaveError({
      code: "option-unknown",
      message: `${showPath(whole)} is a record of options: ${[...entry.names.keys()].join(", ")}`,
      hint: "give the path of one of them",
    });
  const { freeform } = evaluation.compiled;
  const isFree = entry === undefined && group.open && freeform !== undefined;
  const index = isFree ? freeform : typeof entry === "number" ? entry : (entry?.index ?? -1);
  if (entry instanceof Redirect && entry.index < 0) throw removed(evaluation, entry, []);
  const alias = entry instanceof Redirect ? entry.inside : [];
  if (index < 0) throw unknown([...group.names.keys()], names[at - 1], whole);
  const rest = isFree ? names : [...alias, ...names.slice(at)];
  let value = rest.length === 0 ? undefined : evaluation.read(index);
  for (const [depth, name] of rest.entries()) {
    const submodule = evaluationOf(value);
    if (submodule !== undefined) return find(submodule, rest.slice(depth), whole);
    value = valueAt(value, name);
    if (value === undefined) return { evaluation, index, inside: rest, isMissing: true };
  }
  return { evaluation, index, inside: rest, isMissing: false };
}

/** Say that there is nothing at a path inside of an option's value. */
function unknownInside(
  evaluation: Evaluation,
  index: number,
  inside: readonly string[],
  whole: readonly string[],
): CleaveError {
  let group: Entry | undefined =
    index === evaluation.compiled.freeform ? evaluation.compiled.root : undefined;
  let value = evaluation.read(index);
  for (const name of inside) {
    const names = [
      ...(group instanceof Group ? group.names.keys() : []),
      ...(isRecord(value) ? Object.keys(value) : []),
    ];
    value = valueAt(value, name);
    group = group instanceof Group ? group.names.get(name) : undefined;
    if (value === undefined && group === undefined) return unknown(names, name, whole);
  }
  return unknown([], inside.at(-1), whole);
}

function unknown(names: readonly string[], name: string | undefined, whole: readonly string[]): CleaveError {
  const near = name === undefined ? [] : nearest(name, names);
  return new CleaveError({
    code: "option-unknown",
    message: `there is no option ${showPath(whole)}; where ${name ?? "a name"} should be there is ${names.join(", ") || "nothing"}`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : "names in a path stand between dots, odd ones in quotes",
  });
}

/** Name the options that read one, when all are computed. */
function readersOf(root: Evaluation, evaluation: Evaluation, index: number): ReadonlySet<string> {
  const found = new Set<string>();
  tracing(
    (read, by) => {
      if (read.owner !== evaluation || read.index !== index || by === undefined) return;
      if (by.owner !== evaluation || by.index !== index) found.add(showPath(by.owner.pathOf(by.index)));
    },
    () => readAll(root.config, new Set()),
  );
  return found;
}

/** Compute all that can be, submodules too. */
function readAll(value: unknown, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value) || !isData(value)) return;
  seen.add(value);
  for (const name of Object.keys(value))
    try {
      readAll(Reflect.get(value, name), seen);
    } catch {
      // It is no reader then; whoever asks for it gets the error.
    }
}

/** Say whether a value is a list, a record or a configuration, and no proxy that somebody else made. */
function isData(value: object): boolean {
  return (
    evaluationOf(value) !== undefined || (!types.isProxy(value) && (Array.isArray(value) || isRecord(value)))
  );
}

/** A definition and where it stands; a whole one is shown as it is, whatever a path goes on with. */
type Placed = {
  readonly definition: Definition;
  readonly place: Place | undefined;
  readonly isWhole: boolean;
};

type Exploded = Placed & { readonly conditional: boolean; readonly outcome: Outcome };

/** Get what a definition says of a name inside of its value. */
function stepInside(type: Type, name: string, each: Exploded): readonly Placed[] {
  const { definition, place, isWhole, outcome } = each;
  if (isWhole) return [each];
  // Lists are put together of all definitions; nobody defines an element alone.
  if (name.startsWith("[")) return [{ ...each, isWhole: true }];
  if (outcome !== "used") return [];
  try {
    const converted = type.convert?.(place, definition) ?? definition;
    const { value } = converted;
    if (!isRecord(value) || !Object.hasOwn(value, name)) return [];
    const below = definition.with(value[name]);
    // What is converted is defined where the whole is.
    if (converted !== definition) return [{ definition: below, place, isWhole: true }];
    return [{ definition: below, place: { parent: place, name }, isWhole: false }];
  } catch {
    // It cannot be looked into: the merged value is the error.
    return [];
  }
}

/** Take definitions apart, and say what became of each. */
function explode(definitions: readonly (Placed | Exploded)[]): readonly Exploded[] {
  const noted: (Placed & { conditional: boolean; held: boolean })[] = [];
  for (const each of definitions)
    try {
      discharge(each.place, each.definition, (definition, conditional, held) =>
        noted.push({ ...each, definition, conditional, held }),
      );
    } catch {
      // The merged value is this error, which is shown with it.
      noted.push({ ...each, conditional: each.definition.condition !== undefined, held: true });
    }
  const least = strongest(noted.filter(({ held }) => held).map(({ definition }) => definition));
  return noted.map(({ definition, place, isWhole, conditional, held }) => ({
    definition,
    place,
    isWhole,
    conditional,
    outcome: !held
      ? "condition does not hold"
      : (definition.priority ?? priorities.plain) === least
        ? "used"
        : "overridden",
  }));
}

/** Order definitions as they are merged, strongest first, and find where each stands. */
function present(
  { standard, names }: Declaration,
  definitions: readonly Exploded[],
): readonly ExplainedDefinition[] {
  return definitions
    .map((each): ExplainedDefinition => {
      const { definition, conditional, outcome } = each;
      const { source, priority = priorities.plain, order = orders.plain, value } = definition;
      const isDefault = source === standard?.source;
      const location = isDefault ? locateDeclaration(source.module, names) : locationOf(each, definitions);
      const facts = {
        module: source.module.name,
        location,
        priority,
        order,
        conditional,
        outcome,
        isDefault,
      };
      return outcome === "condition does not hold" ? facts : { ...facts, value: frozenCopy(value) };
    })
    .sort((a, b) => a.priority - b.priority || a.order - b.order);
}

/** Find where a definition stands: by its number, where a module's definitions of one place are all in its source. */
function locationOf(one: Exploded, all: readonly Exploded[]): Location | undefined {
  const { source } = one.definition;
  const path = showPlace(one.place);
  const same = all.filter(
    ({ definition, place }) => definition.source === source && showPlace(place) === path,
  );
  const found = locateAll(source, one.place);
  return found.length === same.length ? found[same.indexOf(one)] : locate(one.definition, one.place);
}

/** Write an explanation as a user reads it: lines that end with a line feed. */
export function describeExplanation(explanation: Explanation): string {
  const { path, type, description, declarations, definitions, readBy } = explanation;
  const lines = [
    "error" in explanation
      ? `${showPath(path)} = error: ${messageOf(explanation.error)}`
      : "value" in explanation
        ? `${showPath(path)} = ${describeValue(explanation.value)}`
        : `${showPath(path)} is not there`,
    `  takes ${type}`,
    ...(description === undefined ? [] : [`  ${description}`]),
    ...declarations.map(({ module, location }) => `  declared by module ${module}${describePlace(location)}`),
    definitions.length === 0 ? "  defined by nobody" : "  defined by",
    ...definitions.map(({ outcome, module, location, priority, order, conditional, isDefault, ...rest }) => {
      const facts = [
        isDefault ? "default" : `priority ${priority}`,
        ...(order === orders.plain ? [] : [`order ${order}`]),
        ...(conditional && outcome !== "condition does not hold" ? ["its condition holds"] : []),
      ];
      const value = "value" in rest ? `: ${describeValue(rest.value)}` : "";
      return `    ${outcome}: module ${module}${describePlace(location)}, ${facts.join(", ")}${value}`;
    }),
    readBy.length === 0 ? "  read by no option" : `  read by ${readBy.join(", ")}`,
  ];
  return `${lines.join("\n")}\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
