/** Writes one phase down as the runner gets it, and collects what it needs. */
import type { Json } from "../base/index.ts";
import { withRequired } from "./common.ts";
import { Inputs, resolveData } from "./inputs.ts";
import type { PackageContext, PackageInterface } from "./interface.ts";
import { knownPaths } from "./known-paths.ts";
import type { PackagePhase } from "./lower.ts";
import type { PackageConfig } from "./package.ts";
import { isStoreObject, type StoreObject } from "./store-object.ts";

export type LoweredPhase = { readonly json: Json; readonly inputs: Inputs };

type PhaseFacts = {
  readonly phase: PackagePhase;
  /** Its place on the phase clock. */
  readonly index: number;
  readonly config: PackageConfig;
  readonly context: PackageContext;
  readonly placeholders: readonly string[];
};

/** Lower a phase. Throws `package-data`, `package-undeclared-path`, and what resolving throws. */
export function lowerPhase({ phase, index, config, context, placeholders }: PhaseFacts): LoweredPhase {
  const { name } = phase;
  const inputs = new Inputs();
  const where = { at: `phases.${name}.data`, of: context.attribute };
  const tools = withExtra(config.inputs.tools, config.phases[name]?.tools ?? {}, "tools", context);
  const libraries = withExtra(
    config.inputs.libraries,
    config.phases[name]?.libraries ?? {},
    "libraries",
    context,
  );
  const started = interpreterOf(phase, config, context, inputs);
  const paths = (packages: Readonly<Record<string, PackageInterface>>) =>
    Object.fromEntries(Object.entries(packages).map(([each, used]) => [each, inputs.addPackage(used)]));
  const json = {
    name,
    index,
    program: started.program,
    args: started.args,
    script: inputs.addObject(phase.script),
    tools: paths(tools),
    libraries: paths(libraries),
    reads: phase.reads,
    result: phase.result as Json,
    data: null as Json,
  };
  const known = knownPaths(inputs, {
    packages: [...Object.values(tools), ...Object.values(libraries)],
    objects: objectsOf(config),
    free: placeholders,
  });
  json.data = resolveData(phase.data, where, inputs, known);
  return { json, inputs };
}

/** What the recipe hands to any phase: its texts may name what these are. */
function objectsOf(config: PackageConfig): readonly StoreObject[] {
  const found = new Set<StoreObject>();
  const visit = (value: unknown): void => {
    if (isStoreObject(value)) found.add(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(visit);
  };
  visit(config.source);
  visit(config.patches);
  for (const phase of Object.values(config.phases)) visit(phase?.data);
  return [...found];
}

function withExtra(
  own: Readonly<Record<string, PackageInterface>>,
  extra: Readonly<Record<string, string | null>>,
  role: "tools" | "libraries",
  context: PackageContext,
): Record<string, PackageInterface> {
  const all = { ...own };
  const added: PackageInterface[] = [];
  for (const [name, attribute] of Object.entries(extra))
    if (attribute === null) delete all[name];
    else {
      const found = context.resolve(attribute, role);
      all[name] = found;
      added.push(found);
    }
  return role === "libraries" ? withRequired(all, added, context) : all;
}

function interpreterOf(
  { name, interpreter }: PackagePhase,
  { interpreters }: PackageConfig,
  { resolve }: PackageContext,
  inputs: Inputs,
): { readonly program: string; readonly args: readonly Json[] } {
  const found = interpreters[interpreter];
  if (found === undefined) throw new Error(`the plan runs ${name} by ${interpreter}, which is not there`);
  const tool = resolve(found.tool, "tools");
  const [path = ""] = inputs.addPackage(tool);
  const known = knownPaths(inputs, { packages: [tool], objects: [] });
  return {
    program: `${path}/${found.program}`,
    args: found.args.map((each, index) =>
      resolveData(each, { at: `args[${index}]`, of: `the interpreter ${interpreter}` }, inputs, known),
    ),
  };
}
