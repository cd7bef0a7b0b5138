import { readFileSync } from "node:fs";
import {
  checkDerivation,
  type Derivation,
  type Graph,
  makeGraph,
  namePart,
  parseDerivation,
  type StorePath,
} from "../nix/index.ts";
import type { Outputs } from "./database.ts";
import { hasCode } from "./fault.ts";
import { type Layout, realPathOf } from "./layout.ts";
import { orderByReferences } from "./order.ts";
import type { NewPath } from "./path-info.ts";
import { invalidPath } from "./query.ts";
import type { State } from "./state.ts";

/**
 * Make paths valid whose trees are in their place, all of them or none, in one transaction. They may refer to each
 * other in any order. Derivations are checked. Throws `store-invalid-path`, `store-cycle`, and what reading and
 * checking a derivation throws.
 */
export async function register(
  { graph, database, now }: Pick<State, "graph" | "database" | "now">,
  paths: readonly NewPath[],
): Promise<void> {
  const outputs = new Map<StorePath, Outputs>();
  for (const { path } of paths) {
    if (!namePart(path).endsWith(".drv")) continue;
    const derivation = graph.read(path);
    checkDerivation(path, derivation, graph);
    outputs.set(path, outputsOf(derivation));
  }
  const references = new Map(paths.map((each) => [each.path, each.references]));
  orderByReferences(references.keys(), (path) => references.get(path) ?? []);
  await database.write(() => {
    const time = now();
    const ids = paths.map((info) => database.addPath(info, time, outputs.get(info.path)));
    for (const [at, id] of ids.entries()) {
      const info = paths[at];
      if (info !== undefined) database.addReferences(id, info);
    }
  });
}

/** Make the graph of the derivations that are in a store, and of those in `fresh`, which are being added. */
export function storeGraph(layout: Layout, fresh: ReadonlyMap<StorePath, Derivation>): Graph {
  return makeGraph((path) => {
    const known = fresh.get(path);
    if (known !== undefined) return known;
    try {
      return parseDerivation(readFileSync(realPathOf(layout, path)), namePart(path).slice(0, -".drv".length));
    } catch (error) {
      throw hasCode(error, "ENOENT") ? invalidPath(path) : error;
    }
  });
}

function outputsOf({ outputs }: Derivation): Outputs {
  const known = new Map<string, StorePath>();
  for (const [name, output] of outputs) if ("path" in output) known.set(name, output.path);
  return known;
}
