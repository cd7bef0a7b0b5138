/**
 * Explaining: the whole story of one value.
 *
 * Evaluations keep values only. To explain one, everything is evaluated once more, with a listener to who reads
 * what; thunks are pure, so this changes nothing.
 */
import type { Location } from "../base/error.ts";
import { CleaveError, compareText, nearest } from "../base/index.ts";
import { type Entry, Group } from "./compiled.ts";
import type { Declaration } from "./declaration.ts";
import { type Definition, discharge, type Source, strongest } from "./definition.ts";
import type { Evaluation } from "./evaluate.ts";
import { keeping, tracing } from "./forcing.ts";
import { locate, locateAll, locateDeclaration } from "./locate.ts";
import { type Place, parsePath, placeOf, showPath } from "./place.ts";
import { describePlace, describeValue } from "./problem.ts";
import { orders, priorities } from "./property.ts";
import { evaluationOf, valueAt } from "./record.ts";
import { elementOf } from "./types/attrs.ts";
import { isRecord } from "./types/check.ts";

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
  /** The merged value, or what computing it throws. */
  readonly value?: unknown;
  readonly error?: unknown;
  /** The options whose values were computed from this one, in this evaluation. */
  readonly readBy: readonly string[];
};

/** An option, and the names inside of its value that a path goes on with. */
type Target = { readonly evaluation: Evaluation; readonly index: number; readonly inside: readonly string[] };

/** Explain the option at a path, or an attribute in an option's value. Throws `option-unknown`. */
export function explain(original: Evaluation, path: string | readonly string[]): Explanation {
  return keeping(() => explainKept(original, path));
}

function explainKept(original: Evaluation, path: string | readonly string[]): Explanation {
  const root = original.again();
  const names = parsePath(path);
  const target = find(root, names, names);
  const { evaluation, index, inside } = target;
  const declaration = evaluation.compiled.declarations[index];
  if (declaration === undefined) throw new Error("an option without a declaration");
  const readBy = readersOf(root, evaluation, index);
  const option = placeOf(evaluation.place, declaration.names);
  const raw = evaluation.definitionsOf(index);
  const { standard } = declaration;
  let place = option;
  let definitions = explode(place, standard === undefined ? raw : [...raw, standard]);
  let type = declaration.type;
  for (const name of inside) {
    type = elementOf(type) ?? type;
    // Lists are put together of all definitions; nobody defines an element alone.
    if (name.startsWith("[")) continue;
    place = { parent: place, name };
    const below = definitions.flatMap(({ definition, outcome }) =>
      outcome === "used" && isRecord(definition.value) && Object.hasOwn(definition.value, name)
        ? [definition.with(definition.value[name])]
        : [],
    );
    definitions = explode(place, below);
  }
  return {
    path: names,
    type: type.description,
    description: declaration.facts.description,
    declarations: declaration.declarers.map(({ source: { module } }) => ({
      module: module.name,
      location: locateDeclaration(module, declaration.names),
    })),
    definitions: present(place, declaration, definitions),
    ...outcomeOf(() => {
      let value = evaluation.read(index);
      for (const name of inside) value = valueAt(value, name);
      return value;
    }),
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
  if (entry === undefined) throw unknown(group, names[at - 1], whole);
  const index = typeof entry === "number" ? entry : entry.index;
  const rest = names.slice(at);
  if (index < 0) throw unknown(group, names[at - 1], whole);
  let value = rest.length === 0 ? undefined : evaluation.read(index);
  for (const [depth, name] of rest.entries()) {
    const submodule = evaluationOf(value);
    if (submodule !== undefined) return find(submodule, rest.slice(depth), whole);
    const below = valueAt(value, name);
    if (below === undefined) throw unknown(isRecord(value) ? Object.keys(value) : [], name, whole);
    value = below;
  }
  return { evaluation, index, inside: rest };
}

function unknown(
  known: Group | readonly string[],
  name: string | undefined,
  whole: readonly string[],
): CleaveError {
  const names = known instanceof Group ? [...known.names.keys()] : known;
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
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  const isPlain = isRecord(value);
  if (!isPlain && !Array.isArray(value)) return;
  seen.add(value);
  for (const name of Object.keys(value))
    try {
      readAll(Reflect.get(value, name), seen);
    } catch {
      // It is no reader then; whoever asks for it gets the error.
    }
}

type Exploded = { readonly definition: Definition; readonly conditional: boolean; readonly outcome: Outcome };

/** Take definitions apart, and say what became of each. */
function explode(place: Place | undefined, definitions: readonly Definition[]): readonly Exploded[] {
  const noted: { definition: Definition; conditional: boolean; held: boolean }[] = [];
  for (const each of definitions)
    try {
      discharge(place, each, (definition, conditional, held) =>
        noted.push({ definition, conditional, held }),
      );
    } catch {
      // The merged value is this error, which is shown with it.
      noted.push({ definition: each, conditional: each.condition !== undefined, held: true });
    }
  const least = strongest(noted.filter(({ held }) => held).map(({ definition }) => definition));
  return noted.map(({ definition, conditional, held }) => ({
    definition,
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
  place: Place | undefined,
  { standard, names }: Declaration,
  definitions: readonly Exploded[],
): readonly ExplainedDefinition[] {
  const places = new Map<Source, readonly Location[]>();
  const counts = new Map<Source, number>();
  for (const { definition } of definitions)
    counts.set(definition.source, (counts.get(definition.source) ?? 0) + 1);
  const met = new Map<Source, number>();
  return definitions
    .map(({ definition, conditional, outcome }): ExplainedDefinition => {
      const { source, priority = priorities.plain, order = orders.plain, value } = definition;
      const all = places.get(source) ?? locateAll(source, place);
      places.set(source, all);
      const nth = met.get(source) ?? 0;
      met.set(source, nth + 1);
      const isDefault = source === standard?.source;
      const location = isDefault
        ? locateDeclaration(source.module, names)
        : all.length === counts.get(source)
          ? all[nth]
          : locate(definition, place);
      const facts = {
        module: source.module.name,
        location,
        priority,
        order,
        conditional,
        outcome,
        isDefault,
      };
      return outcome === "condition does not hold" ? facts : { ...facts, value };
    })
    .sort((a, b) => a.priority - b.priority || a.order - b.order);
}

/** Write an explanation as a user reads it: lines that end with a line feed. */
export function describeExplanation(explanation: Explanation): string {
  const { path, type, description, declarations, definitions, readBy } = explanation;
  const lines = [
    `${showPath(path)} = ${"error" in explanation ? `error: ${messageOf(explanation.error)}` : describeValue(explanation.value)}`,
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
