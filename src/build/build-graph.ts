/**
 * Which derivations have to be built: those that are asked for and whose outputs are not all valid, and what these
 * need in turn.
 */
import { CleaveError } from "../base/index.ts";
import type { Derivation, StorePath } from "../nix/index.ts";

/** A derivation whose outputs are asked for by name, or all of them. */
export type Wanted = { readonly derivation: StorePath; readonly outputs: readonly string[] | "all" };

/** A derivation that has to be built. */
export type BuildNode = {
  readonly path: StorePath;
  readonly derivation: Derivation;
  /** The path of every output, by name. */
  readonly outputs: ReadonlyMap<string, StorePath>;
  /** What has to be built before it. */
  readonly needs: Set<BuildNode>;
};

export type GraphPowers = {
  /** Read a valid derivation. Throws where there is none. */
  readonly read: (path: StorePath) => Derivation;
  /** Say which of some paths are valid. */
  readonly validPaths: (paths: Iterable<StorePath>) => Promise<ReadonlySet<StorePath>>;
};

/**
 * Work out what has to be built, in an order in which nothing comes before what it needs. Reads only derivations
 * that are asked for or needed by one that has to be built. Throws `build-unsupported`, `derivation-cycle`,
 * `build-no-output`.
 */
export async function missingBuilds(
  wanted: readonly Wanted[],
  powers: GraphPowers,
): Promise<readonly BuildNode[]> {
  const known = new Map<StorePath, BuildNode>();
  const building = new Set<BuildNode>();
  let level: readonly Wanted[] = wanted;
  while (level.length > 0) {
    const looked = level.map(({ derivation, outputs }) => {
      let node = known.get(derivation);
      if (node === undefined) {
        node = readNode(derivation, powers);
        known.set(derivation, node);
      }
      return { node, paths: pathsOf(node, outputs) };
    });
    const valid = await powers.validPaths(new Set(looked.flatMap(({ paths }) => paths)));
    const next: Wanted[] = [];
    for (const { node, paths } of looked) {
      if (building.has(node) || paths.every((path) => valid.has(path))) continue;
      building.add(node);
      for (const [derivation, { outputs }] of node.derivation.inputDrvs) next.push({ derivation, outputs });
    }
    level = next;
  }
  for (const node of building)
    for (const path of node.derivation.inputDrvs.keys()) {
      const need = known.get(path);
      if (need !== undefined && building.has(need)) node.needs.add(need);
    }
  return sortByNeeds(building);
}

function readNode(path: StorePath, { read }: GraphPowers): BuildNode {
  const derivation = read(path);
  const outputs = new Map<string, StorePath>();
  for (const [name, output] of derivation.outputs) {
    if (!("path" in output))
      throw new CleaveError({
        code: "build-unsupported",
        message: `the path of the output ${name} of ${path} is known only when it is built, which this builder cannot do`,
        hint: "real Nix builds content-addressed derivations, with the experimental feature ca-derivations",
      });
    outputs.set(name, output.path);
  }
  return { path, derivation, outputs, needs: new Set() };
}

function pathsOf({ path, outputs }: BuildNode, wanted: readonly string[] | "all"): StorePath[] {
  if (wanted === "all") return [...outputs.values()];
  return wanted.map((name) => {
    const output = outputs.get(name);
    if (output !== undefined) return output;
    throw new CleaveError({
      code: "build-no-output",
      message: `${path} has no output ${name}`,
      hint: `it has ${[...outputs.keys()].join(", ")}`,
    });
  });
}

/** Order nodes so that each comes after those that it needs (Kahn's algorithm). */
function sortByNeeds(nodes: ReadonlySet<BuildNode>): readonly BuildNode[] {
  const followers = new Map<BuildNode, BuildNode[]>();
  const open = new Map<BuildNode, number>();
  const sorted: BuildNode[] = [];
  for (const node of nodes) {
    open.set(node, node.needs.size);
    if (node.needs.size === 0) sorted.push(node);
    for (const need of node.needs) {
      const list = followers.get(need);
      if (list === undefined) followers.set(need, [node]);
      else list.push(node);
    }
  }
  for (const node of sorted)
    for (const follower of followers.get(node) ?? []) {
      const left = (open.get(follower) ?? 0) - 1;
      open.set(follower, left);
      if (left === 0) sorted.push(follower);
    }
  if (sorted.length === nodes.size) return sorted;
  const stuck = [...nodes].filter((node) => (open.get(node) ?? 0) > 0).map((node) => node.path);
  throw new CleaveError({
    code: "derivation-cycle",
    message: `derivations need each other in a circle, among them ${stuck.slice(0, 5).join(", ")}`,
    hint: "the path of a derivation follows from those that it needs, so one of these files was altered",
  });
}
