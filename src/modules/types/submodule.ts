/** Submodules: an option whose value is a configuration of its own. */
import { CleaveError } from "../../base/index.ts";
import { collect } from "../collect.ts";
import { compile } from "../compile.ts";
import { type Compiled, Group, Redirect } from "../compiled.ts";
import { Definition } from "../definition.ts";
import { Evaluation, type Part, type SpecialArgs } from "../evaluate.ts";
import { bodyOf, checkModule, type Declared, defineModule, Module, type OffersOf } from "../module.ts";
import type { Config, Definitions, OptionTree } from "../option.ts";
import { type Place, showPlace } from "../place.ts";
import { callerOutside, captureOrigin, Origin } from "../position.ts";
import { isRecord, misfits } from "./check.ts";
import { checkNames } from "./element.ts";
import { type Below, type JsonSchema, phraseOf, Type, type United } from "./type.ts";

export type SubmoduleFacts<M> = {
  readonly modules: M;
  readonly specialArgs?: SpecialArgs;
  readonly description?: string;
};

/**
 * A configuration of the options of some modules; it is defined by records, and by modules that come on top.
 * Throws `module-invalid`.
 */
export function submodule<const O extends OptionTree>(declaration: {
  readonly options: O;
}): Type<Config<O>, Definitions<O> | Module>;
export function submodule<O>(module: Module<O>): Type<Config<O>, Definitions<O> | Module>;
export function submodule<const M extends readonly Module[]>(
  modules: M,
): Type<Config<OffersOf<M[number]>>, Definitions<OffersOf<M[number]>> | Module>;
export function submodule(given: { readonly options: OptionTree } | Module | readonly Module[]): Type {
  if (!isDeclaration(given)) return submoduleWith({ modules: [given].flat() });
  checkNames(given, ["options"], "submodule", { code: "option-declaration" });
  const { options } = given;
  return submoduleOf({
    modules: [{ ...bodyOf("submodule", captureOrigin(submodule), undefined), options, body: undefined }],
  });
}

function isDeclaration(given: unknown): given is { readonly options: OptionTree } {
  return isRecord(given) && isRecord(given["options"]);
}

/** A {@link submodule} with arguments and a description of its own. */
export function submoduleWith<const M extends readonly Module[]>(
  facts: SubmoduleFacts<M>,
): Type<Config<OffersOf<M[number]>>, Definitions<OffersOf<M[number]>> | Module> {
  checkNames(facts, ["modules", "specialArgs", "description"], "submoduleWith", {
    code: "option-declaration",
  });
  return submoduleOf({ ...facts, modules: facts.modules.map(declaredIn) });
}

/** What is in a module. Throws `module-invalid`. */
function declaredIn(module: unknown): Declared {
  return Module.is(module)
    ? Module.declared(module)
    : checkModule(module, "submodule", new Origin(callerOutside() ?? {}));
}

type Parts = {
  readonly modules: readonly Declared[];
  readonly specialArgs?: SpecialArgs;
  readonly description?: string;
};

/** What the modules of a submodule come to, found out when the first one is evaluated. */
class Base {
  readonly modules: readonly Declared[];
  readonly compiled: Compiled;
  /** In the order of their definitions; records of definitions go between them. */
  readonly before: readonly Part[];
  readonly after: readonly Part[];

  constructor(modules: readonly Declared[]) {
    const all = collect(modules);
    this.modules = modules;
    this.compiled = compile(all);
    const first = all.findIndex((each) => each instanceof Definition || modules.includes(each));
    this.before = all.slice(0, first);
    this.after = all.slice(first);
  }
}

function submoduleOf<V, I>(parts: Parts): Type<V, I> {
  const { modules, specialArgs = {} } = parts;
  let made: Base | undefined;
  const base = (place?: Place): Base => {
    made ??= baseAt(place, modules);
    return made;
  };
  const freeform = modules.find((each) => each.freeform !== undefined)?.freeform;
  return new Type({
    name: "submodule",
    description:
      parts.description ??
      (freeform === undefined ? "submodule" : `open submodule of ${phraseOf(freeform, "noun", "composite")}`),
    constant: false,
    merge: (place, definitions) =>
      misfits(definitions, isDefinition) ?? evaluate(base(place), place, definitions, specialArgs),
    empty: (place) => evaluate(base(place), place, [], specialArgs),
    schema: () => schemaOf(base().compiled),
    below: () => belowOf(base().compiled),
    extend: (module, options) =>
      submoduleOf({
        modules: [{ ...bodyOf(module.name, module.origin, undefined), options, body: undefined }],
      }),
    unite: (other) => (isParts(other.parts) ? uniteParts(parts, other.parts) : undefined),
    parts,
  });
}

function uniteParts(one: Parts, other: Parts): United {
  const specialArgs = { ...one.specialArgs };
  for (const [name, value] of Object.entries(other.specialArgs ?? {})) {
    if (Object.hasOwn(specialArgs, name) && specialArgs[name] !== value)
      return `as submodules with different arguments of the name ${name}`;
    specialArgs[name] = value;
  }
  const description = one.description ?? other.description;
  if (description !== (other.description ?? description))
    return `as submodules with the descriptions ${description} and ${other.description}`;
  return submoduleOf({
    modules: [...one.modules, ...other.modules],
    specialArgs,
    ...(description === undefined ? {} : { description }),
  });
}

/** Make the base of a submodule; what is wrong with its declarations is said of the submodule at `place`. */
function baseAt(place: Place | undefined, modules: readonly Declared[]): Base {
  try {
    return new Base(modules);
  } catch (error) {
    if (place === undefined || !(error instanceof CleaveError)) throw error;
    const { code, message, hint, location, cause } = error;
    throw new CleaveError({
      code,
      message: `in the submodule ${showPlace(place)}, ${message}`,
      hint,
      location,
      cause,
    });
  }
}

function isParts(parts: unknown): parts is Parts {
  return typeof parts === "object" && parts !== null && "modules" in parts;
}

function isDefinition(value: unknown): boolean {
  return Module.is(value) || isRecord(value);
}

function evaluate(
  base: Base,
  place: Place | undefined,
  definitions: readonly Definition[],
  specialArgs: SpecialArgs,
): object {
  if (definitions.some(({ value }) => Module.is(value))) {
    const parts = collect([
      ...base.modules,
      ...definitions.map((each) =>
        Module.is(each.value) ? Module.declared(each.value) : each.with(each.value),
      ),
    ]);
    return new Evaluation(compile(parts), parts, place, specialArgs).config;
  }
  // A priority or an order that was about the whole says nothing of the parts.
  const inner = definitions.map((each) => each.with(each.value)).reverse();
  const parts = base.before.concat(inner, base.after);
  return new Evaluation(base.compiled, parts, place, specialArgs).config;
}

/** List the options of a submodule, and those inside of what it takes beyond them. */
function belowOf({ declarations, freeform }: Compiled): readonly Below[] {
  const options = declarations
    .filter((_, index) => index !== freeform)
    .map(({ names, facts, declarers }) => ({
      names,
      facts,
      modules: declarers.map(({ source }) => source.module),
    }));
  const rest = freeform === undefined ? undefined : declarations[freeform]?.type.below?.();
  return [{ path: [], options }, ...(rest ?? [])];
}

/** The submodules that are being described: one that holds itself is described once. */
const describing = new Set<Compiled>();

function schemaOf(compiled: Compiled): JsonSchema {
  if (describing.has(compiled)) return { type: "object" };
  describing.add(compiled);
  try {
    return describe(compiled);
  } finally {
    describing.delete(compiled);
  }
}

function describe({ root, declarations, freeform }: Compiled): JsonSchema {
  const schema = (group: Group): JsonSchema => {
    const required: string[] = [];
    const names = [...group.names].filter(([, entry]) => !(entry instanceof Redirect));
    const properties = names.map(([name, entry]): [string, JsonSchema] => {
      if (entry instanceof Group) return [name, schema(entry)];
      const declaration = declarations[typeof entry === "number" ? entry : entry.index];
      if (declaration?.standard === undefined && declaration?.type.empty === undefined) required.push(name);
      return [name, declaration?.type.schema() ?? {}];
    });
    return {
      type: "object",
      properties: Object.fromEntries(properties),
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: freeform !== undefined,
    };
  };
  return schema(root);
}

/** A module: what a submodule, or another evaluation, is to import. Several definitions are all imported. */
export const deferredModule: Type<Module, Module | Readonly<Record<string, unknown>>> = new Type({
  name: "deferredModule",
  description: "module",
  phrase: "noun",
  constant: false,
  merge: (_place, definitions) =>
    misfits(definitions, isDefinition) ??
    defineModule("deferred", {
      imports: definitions.map(({ value, source }) =>
        Module.is(value) ? value : new Module(bodyOf(source.module.name, source.module.origin, value)),
      ),
    }),
  schema: () => ({}),
});
