/**
 * Aggregates: for stock Nix, one derivation that needs the outputs of a package and all of its branches. It is built where the
 * checks passed.
 *
 * Its output is a file of JSON: the paths of the outputs, and those of what the branches made.
 */
import { Buffer } from "node:buffer";
import type { Json } from "../base/index.ts";
import { type MadeDerivation, makeDerivation, makeGraph, type StorePath } from "../nix/index.ts";
import { graph } from "./graph.ts";
import type { Lowered } from "./lower.ts";
import { outputPaths } from "./output-paths.ts";
import { StoreFile } from "./store-object.ts";

/** What carries it out: it copies what it is told to its output. */
const script = new StoreFile(
  "aggregate.js",
  Buffer.from(`import * as std from "std";

const { aggregate, outputs } = JSON.parse(std.loadFile(\`\${std.getenv("NIX_BUILD_TOP")}/.attrs.json\`));
const file = std.open(outputs.out, "w");
file.puts(\`\${JSON.stringify(aggregate)}\\n\`);
file.close();
`),
);

/** Make the aggregate of a lowered package, and the file that it needs. Without branches that is the last group itself. */
export function makeAggregate(lowered: Lowered): {
  readonly made: MadeDerivation;
  readonly files: readonly StoreFile[];
} {
  const { groups, branches, inputs } = lowered;
  const last = groups.at(-1)?.made ?? lowered.canonical;
  if (branches.length === 0) return { made: last, files: [] };
  const { builder, platform } = last.derivation;
  const interpreter = [...inputs.packages.values()].find(({ path }) => builder.startsWith(`${path}/`));
  if (interpreter === undefined) throw new Error(`${builder} is in no input of ${last.path}`);
  const parts = [last, ...branches.map(({ made }) => made)];
  const aggregate: Json = {
    outputs: outputPaths(last),
    branches: Object.fromEntries(branches.map(({ name, made }) => [name, outputPaths(made)["out"] ?? null])),
  };
  const made = makeDerivation(
    {
      name: `${last.derivation.name}-checked`,
      platform,
      builder,
      args: [script.path],
      structuredAttrs: { aggregate },
      inputDrvs: new Map([
        [interpreter.derivation, { outputs: ["out"] }],
        ...parts.map(({ path, derivation }) => [path, { outputs: [...derivation.outputs.keys()] }] as const),
      ]),
      inputSrcs: [script.path],
    },
    graphOf(lowered),
  );
  return { made, files: [script] };
}

/** Make a graph that knows a lowered package and what it needs, which may come from a cache. */
function graphOf({ canonical, groups, branches, inputs }: Lowered): typeof graph {
  const known = new Map<StorePath, MadeDerivation>();
  for (const each of [canonical, ...groups.map(({ made }) => made)]) known.set(each.path, each);
  for (const { made, canonical: own, prefix } of branches)
    for (const each of [made, own, prefix]) known.set(each.path, each);
  for (const { derivations } of inputs.fetched.values())
    for (const each of derivations) known.set(each.path, each);
  const own = makeGraph((path) => {
    const found = known.get(path);
    if (found === undefined) throw new Error(`${path} is no part of ${canonical.path}`);
    return found.derivation;
  });
  for (const [path, modulo] of graph.modulos) own.modulos.set(path, modulo);
  for (const { derivation, modulo, outputs } of inputs.packages.values())
    own.modulos.set(derivation, { hash: modulo, outputs: Object.keys(outputs) });
  return own;
}
