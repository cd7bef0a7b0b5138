/** A package: one evaluation of modules, and what follows from it. */

import { CleaveError, quote } from "../base/index.ts";
import { type Evaluated, type Explanation, evalModules, type Module } from "../modules/index.ts";
import type { MadeDerivation, StorePath } from "../nix/index.ts";
import type { Partition } from "../phases/index.ts";
import type { base } from "./base.ts";
import { common } from "./common.ts";
import { graph } from "./graph.ts";
import type { Exports, PackageContext, PackageInterface } from "./interface.ts";
import { type Lowered, type Lowering, makeLowering, type PackagePlan, planOf } from "./lower.ts";
import { makeRaw } from "./lower-raw.ts";
import { outputPaths } from "./output-paths.ts";
import type { rawDerivation } from "./raw-derivation.ts";

type CommonConfig = Evaluated<OffersOf<typeof common>>["config"];
type OffersOf<M> = M extends Module<infer O, unknown> ? O : never;
export type PackageConfig = Evaluated<OffersOf<typeof base>>["config"];
export type RawConfig = Evaluated<OffersOf<typeof rawDerivation>>["config"];

/** An evaluated package. Everything is computed when it is asked for, and once. */
export type Package = {
  readonly attribute: string;
  readonly config: CommonConfig;
  readonly interface: PackageInterface;
  /** Its phases in order; nothing for a derivation without phases. */
  readonly plan: PackagePlan | undefined;
  /** Turn it into derivations. A derivation without phases has no partitions: it is one group whatever is asked for. */
  readonly lower: (partition: Partition) => Lowered;
  /** The derivation of the patched source. Throws `package-no-source` for a package without phases that unpack one. */
  readonly source: () => Lowered;
  readonly explain: (path: string | readonly string[]) => Explanation;
  readonly warnings: readonly string[];
  readonly evaluated: Evaluated<unknown>;
};

/**
 * Evaluate a package's module. Throws what evaluation and lowering throw, when what needs them is asked for; assertions
 * are checked at once.
 */
export function evaluatePackage(
  module: Module,
  context: PackageContext,
  more: readonly Module[] = [],
): Package {
  const evaluated = evalModules({
    modules: [common, module, ...more] as readonly Module<unknown, unknown>[] as readonly [typeof common],
    specialArgs: { context },
  });
  const { config } = evaluated;
  const lowered = new Map<string, Lowered>();
  const isRaw = "builder" in config;
  const lowering = once((): Pick<Lowering, "lower"> & Partial<Lowering> => {
    if (isRaw) {
      const raw = makeRaw(config as RawConfig, context);
      return { lower: () => raw };
    }
    return makeLowering(config as PackageConfig, context);
  });
  const lower = (partition: Partition): Lowered => {
    const key = typeof partition === "string" ? partition : JSON.stringify([...partition.after].sort());
    let found = lowered.get(key);
    if (found === undefined) {
      found = lowering().lower(partition);
      lowered.set(key, found);
    }
    return found;
  };
  const asInterface = once(() => interfaceOf(config, context.attribute, lower("joined").canonical));
  return {
    attribute: context.attribute,
    config,
    get interface() {
      return asInterface();
    },
    get plan() {
      return isRaw ? undefined : planOf(config as PackageConfig, context.attribute);
    },
    lower,
    source: () => {
      const { plan, tree } = lowering();
      const phase = ["patch", "unpack"].find((name) => plan?.trunk.some((each) => each.name === name));
      if (tree === undefined || phase === undefined) throw noSource(context.attribute);
      const { made, inputs } = tree(phase);
      return { canonical: made, groups: [{ made, phases: [phase] }], branches: [], inputs };
    },
    explain: evaluated.explain,
    get warnings() {
      return evaluated.warnings;
    },
    evaluated: evaluated as Evaluated<unknown>,
  };
}

function interfaceOf(config: CommonConfig, attribute: string, made: MadeDerivation): PackageInterface {
  const { path } = made;
  const outputs = outputPaths(made);
  const [first = "out"] = config.outputs;
  const { exports } = config;
  const modulo = graph.modulos.get(path)?.hash;
  const own = outputs[first];
  if (modulo === undefined || own === undefined) throw new Error(`${path} was not made in the graph`);
  const folders = (option: keyof Exports, list: readonly string[]) =>
    list.map((each) => inOutput(attribute, option, each, outputs));
  return {
    attribute,
    name: config.name,
    version: config.version,
    derivation: path,
    modulo,
    outputs,
    path: own,
    exports: {
      programs: folders("programs", exports.programs),
      include: folders("include", exports.include),
      lib: folders("lib", exports.lib),
      link: exports.link,
      requires: exports.requires,
      data: exports.data,
    },
  };
}

/** Turn `output/folder` into the store path of the folder. */
function inOutput(
  attribute: string,
  option: string,
  place: string,
  outputs: Readonly<Record<string, StorePath>>,
): string {
  const [output = "", ...rest] = place.split("/");
  const path = outputs[output];
  if (path === undefined)
    throw new CleaveError({
      code: "package-output",
      message: `exports.${option} of ${attribute} names ${quote(place)}, and there is no output ${quote(output)}`,
      hint: `write OUTPUT/FOLDER; the outputs are ${Object.keys(outputs).join(", ")}`,
    });
  return [path, ...rest].join("/");
}

function noSource(attribute: string): CleaveError {
  return new CleaveError({
    code: "package-no-source",
    message: `${attribute} has neither a phase patch nor a phase unpack, so there is no source as a tree`,
    hint: "cleave show lists the phases of a package",
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
