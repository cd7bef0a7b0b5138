/**
 * Which derivations have to be built: those that are asked for and whose outputs are not all valid, and what these
 * need in turn.
 */
import { CleaveError } from "../base/index.ts";
import { type Derivation, isDynamic, type StorePath } from "../nix/index.ts";
import type { Outputs } from "../store/index.ts";

/** A derivation whose outputs are asked for by name, or all of them. */
export type Wanted = { readonly derivation: StorePath; readonly outputs: readonly string[] | "all" };

/**
 * How the outputs of a derivation are made by another one that makes the same: the builder of `by` runs, and is told the
 * paths of the derivation that it stands in for.
 */
export type Rendering = {
  readonly by: StorePath;
  /** Derivations that `by` needs and that are part of the rendering: built again where that is. */
  readonly groups: readonly StorePath[];
  /** Derivations that must be built before the outputs become valid, beside which the builder runs. */
  readonly gates: readonly StorePath[];
};

/** A derivation that has to be built. */
export type BuildNode = {
  readonly path: StorePath;
  /** Whose builder is run: the derivation at `path`, or one that stands in for it. */
  readonly derivation: Derivation;
  readonly outputs: Outputs;
  /** The sources and outputs that it names as inputs; what these refer to is not among them. */
  readonly inputs: ReadonlySet<StorePath>;
  /** What has to be built before it. */
  readonly needs: ReadonlySet<BuildNode>;
  /** What has to be built before its outputs become valid, besides what it needs. */
  readonly gates: ReadonlySet<BuildNode>;
  /** Whether it is valid, and built again to compare. */
  readonly again: boolean;
};

/** What has to be built, none before what it needs, and the outputs of all that was looked at, by derivation. */
export type BuildGraph = {
  readonly builds: readonly BuildNode[];
  readonly outputs: ReadonlyMap<StorePath, Outputs>;
};

export type GraphPowers = {
  /** Give the outputs of those of some derivations that are valid. */
  readonly outputsOf: (derivations: Iterable<StorePath>) => Promise<ReadonlyMap<StorePath, Outputs>>;
  /** Read a valid derivation. */
  readonly read: (path: StorePath) => Derivation;
  /** Say which of some paths are valid. */
  readonly validPaths: (paths: Iterable<StorePath>) => Promise<ReadonlySet<StorePath>>;
  /** Told once, when there is something to build, while it is not yet known what. */
  readonly onMissing: () => void;
};

export type GraphOptions = {
  /** Build what is asked for, and is valid, again. */
  readonly again?: boolean;
  /** How derivations are made by others, by the path of the derivation. */
  readonly renderings?: ReadonlyMap<StorePath, Rendering>;
};

/**
 * Work out what has to be built. Reads only derivations that are asked for or needed by one that has to be built.
 * With `again`, what is asked for is built again; its outputs must be valid. Throws `build-missing-input`,
 * `build-unsupported`, `build-no-output`, `derivation-cycle`, and what reading a derivation throws.
 */
export async function missingBuilds(
  wanted: readonly Wanted[],
  { outputsOf, read, validPaths, onMissing }: GraphPowers,
  { again = false, renderings = new Map() }: GraphOptions = {},
): Promise<BuildGraph> {
  const parts = new Set([...renderings.values()].flatMap(({ groups }) => groups));
  const outputs = new Map<StorePath, Outputs>();
  const validity = new Map<StorePath, boolean>();
  const building = new Map<StorePath, Pick<BuildNode, "derivation" | "again">>();
  const pathsOf = ({ derivation, outputs: names }: Wanted): readonly StorePath[] => {
    const known = outputs.get(derivation);
    if (known === undefined) throw missing(derivation, "the derivation");
    return namedOutputs(derivation, known, names, read);
  };
  for (let level = wanted; level.length > 0; ) {
    const fresh = new Set(level.map(({ derivation }) => derivation).filter((each) => !outputs.has(each)));
    if (fresh.size > 0) for (const [path, known] of await outputsOf(fresh)) outputs.set(path, known);
    const asked = new Set(level.flatMap(pathsOf).filter((path) => !validity.has(path)));
    const valid = asked.size > 0 ? await validPaths(asked) : asked;
    for (const path of asked) validity.set(path, valid.has(path));
    const next: Wanted[] = [];
    for (const each of level) {
      const { derivation: path } = each;
      const gap = pathsOf(each).find((output) => validity.get(output) !== true);
      const asked = again && level === wanted;
      if (asked && gap !== undefined) throw missing(gap, `the output of ${path} that is to be built again,`);
      const rebuilt = asked || (again && gap === undefined && parts.has(path));
      if (building.has(path) || (gap === undefined && !rebuilt)) continue;
      if (building.size === 0) onMissing();
      const derivation = read(renderings.get(path)?.by ?? path);
      building.set(path, { derivation, again: rebuilt });
      for (const gate of renderings.get(path)?.gates ?? []) next.push({ derivation: gate, outputs: "all" });
      for (const [input, asks] of derivation.inputDrvs) {
        if (isDynamic(asks)) throw unsupported(path, `needs outputs of outputs of ${input}`);
        next.push({ derivation: input, outputs: asks.outputs });
      }
    }
    level = next;
  }
  const nodes = new Map<StorePath, OpenNode>();
  for (const [path, { derivation, again }] of building)
    nodes.set(path, {
      path,
      derivation,
      again,
      outputs: new Map(
        [...derivation.outputs].map(([name, output]) => {
          const known = renderings.has(path) ? outputs.get(path)?.get(name) : undefined;
          if (known !== undefined) return [name, known];
          if ("path" in output) return [name, output.path];
          throw unknownPath(path, name);
        }),
      ),
      inputs: new Set(derivation.inputSrcs),
      needs: new Set(),
      gates: new Set(),
    });
  for (const { path, derivation, inputs, needs, gates } of nodes.values()) {
    for (const gate of renderings.get(path)?.gates ?? []) {
      const node = nodes.get(gate);
      if (node !== undefined) gates.add(node);
    }
    for (const [input, asks] of derivation.inputDrvs) {
      for (const output of pathsOf({ derivation: input, outputs: asks.outputs })) inputs.add(output);
      const need = nodes.get(input);
      if (need !== undefined) needs.add(need);
    }
  }
  return { builds: sortByNeeds([...nodes.values()]), outputs };
}

type OpenNode = BuildNode & {
  readonly inputs: Set<StorePath>;
  readonly needs: Set<BuildNode>;
  readonly gates: Set<BuildNode>;
};

/** Give the paths of outputs by name. */
function namedOutputs(
  path: StorePath,
  outputs: Outputs,
  names: Wanted["outputs"],
  read: GraphPowers["read"],
): readonly StorePath[] {
  if (names === "all" && outputs.size > 0) return [...outputs.values()];
  const paths: StorePath[] = [];
  for (const name of names === "all" ? read(path).outputs.keys() : names) {
    const output = outputs.get(name);
    if (output !== undefined) paths.push(output);
    else {
      const declared = read(path).outputs;
      if (declared.has(name)) throw unknownPath(path, name);
      throw new CleaveError({
        code: "build-no-output",
        message: `${path} has no output ${name}`,
        hint: `it has ${[...declared.keys()].join(", ")}`,
      });
    }
  }
  return paths;
}

function unknownPath(path: StorePath, name: string): CleaveError {
  return unsupported(path, `has the output ${name}, whose path is known only when it is built`);
}

function unsupported(path: StorePath, what: string): CleaveError {
  return new CleaveError({
    code: "build-unsupported",
    message: `${path} ${what}, which this builder cannot do`,
    hint: "real Nix can, with the experimental features ca-derivations and dynamic-derivations",
  });
}

function missing(path: StorePath, what: string): CleaveError {
  return new CleaveError({
    code: "build-missing-input",
    message: `${what} ${path} is not valid in this store`,
    hint: path.endsWith(".drv") ? "add it to the store first" : "realise it first",
  });
}

/** Order nodes so that each comes after those that it needs (Kahn's algorithm). */
function sortByNeeds(nodes: readonly BuildNode[]): readonly BuildNode[] {
  const followers = new Map<BuildNode, BuildNode[]>(nodes.map((node) => [node, []]));
  const open = new Map<BuildNode, number>();
  for (const node of nodes) {
    open.set(node, node.needs.size);
    for (const need of node.needs) followers.get(need)?.push(node);
  }
  const sorted = nodes.filter((node) => node.needs.size === 0);
  for (const node of sorted)
    for (const follower of followers.get(node) ?? []) {
      const left = (open.get(follower) ?? 0) - 1;
      open.set(follower, left);
      if (left === 0) sorted.push(follower);
    }
  if (sorted.length === nodes.length) return sorted;
  const stuck = nodes.filter((node) => (open.get(node) ?? 0) > 0).map((node) => node.path);
  throw new CleaveError({
    code: "derivation-cycle",
    message: `derivations need each other in a circle, among them ${stuck.slice(0, 5).join(", ")}`,
    hint: "the path of a derivation follows from those that it needs, so one of these files was altered",
  });
}
