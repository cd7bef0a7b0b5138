import type { Package } from "../../package/index.ts";
import { inOneLine } from "../build-board.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";

export const show: Command = {
  usage: "[--json] ATTR...",
  summary: "Show packages without building them: phases in order, tools, libraries, outputs.",
  options: { ...setOptions, ...jsonOption },
  arity: [1, Infinity],
  run: async (args, io) => {
    const set = await openPackages(args, io);
    const packages = args.positionals.map((attribute) => describe(set.package(attribute)));
    await io.write(args.flag("json") ? `${JSON.stringify({ packages })}\n` : packages.map(format).join("\n"));
    return 0;
  },
};

type Description = ReturnType<typeof describe>;

function describe(made: Package) {
  const { config, plan, interface: seen } = made;
  const { meta } = config;
  const defaults = Object.keys(config.inputs.tools);
  const phase = (each: NonNullable<typeof plan>["trunk"][number]) => ({
    name: each.name,
    interpreter: each.interpreter,
    after: each.after,
    tools: Object.keys(each.tools).filter((name) => !defaults.includes(name)),
  });
  return {
    attribute: made.attribute,
    name: config.name,
    version: config.version,
    description: meta.description,
    homepage: meta.homepage,
    license: meta.license,
    derivation: seen.derivation,
    outputs: seen.outputs,
    trunk: plan?.trunk.map(phase) ?? [],
    branches:
      plan?.branches.map(({ phase: each, start }) => ({
        ...phase(each),
        start: plan.trunk[start]?.name ?? "",
      })) ?? [],
    tools: attributesOf(config.inputs.tools),
    libraries: attributesOf(config.inputs.libraries),
  };
}

function attributesOf(
  packages: Readonly<Record<string, { readonly attribute: string }>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(packages).map(([name, { attribute }]) => [name, attribute]));
}

function format(each: Description): string {
  const lines = [
    `${each.attribute} ${each.version}${each.description === "" ? "" : `: ${inOneLine(each.description)}`}`,
    ...(each.homepage === null ? [] : [row("homepage", each.homepage)]),
    ...(each.license.length === 0 ? [] : [row("licence", each.license.join(", "))]),
    row("derivation", each.derivation),
  ];
  for (const [name, path] of Object.entries(each.outputs)) lines.push(row(`output ${name}`, path));
  if (each.trunk.length > 0) lines.push("  phases");
  for (const phase of each.trunk) {
    lines.push(`    ${phase.name}${details(phase)}`);
    for (const branch of each.branches)
      if (branch.start === phase.name)
        lines.push(`    └ ${branch.name}, beside what follows${details(branch)}`);
  }
  for (const role of ["tools", "libraries"] as const) {
    const names = Object.entries(each[role]).map(([name, attribute]) =>
      name === attribute ? name : `${name} (${attribute})`,
    );
    if (names.length > 0) lines.push(row(role, names.join(", ")));
  }
  return `${lines.join("\n")}\n`;
}

function details({
  interpreter,
  tools,
}: {
  readonly interpreter: string;
  readonly tools: readonly string[];
}): string {
  const words = [
    ...(interpreter === "quickjs" ? [] : [`by ${interpreter}`]),
    ...(tools.length === 0 ? [] : [`with ${tools.join(", ")}`]),
  ];
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(11)} ${value}`;
}
