/**
 * Package sets: the recipes of source folders, evaluated for one platform triple.
 *
 * What is asked of a package comes from memory, from the cache if all that it was made from is as it was, or else from an
 * evaluation, whose modules are loaded only then. A package that another one depends on is there as its interface.
 */
import { createRequire } from "node:module";
import { CleaveError, type Emit, nearest, quote } from "../base/index.ts";
import type { Derivation, StorePath } from "../nix/index.ts";
import type { Package } from "../package/index.ts";
import type { PackageInterface, Platforms, Role } from "../package/interface.ts";
import type { Lowered } from "../package/lower.ts";
import { formatPlatform, nixSystem, parsePlatform } from "../package/platform.ts";
import { describePartition, type Partition } from "../phases/partition.ts";
import { Cache, type CachedResult } from "./cache.ts";
import type { Evaluator } from "./evaluator.ts";
import { Files, hashOf } from "./files.ts";
import { readLowered, writeLowered } from "./lowered-record.ts";
import { withRecipes } from "./realm.ts";
import { parseSetting, type Setting } from "./settings.ts";
import { findRecipe, findRecipes, type Recipe, type Source } from "./source.ts";
import { type Read, Trace, tracing } from "./trace.ts";
import { evaluationVersion } from "./version.ts";

export type PackageSetOptions = {
  readonly sources: readonly Source[];
  /** The folder that `cleave/stdenv` is found in; cleave's own if left out. */
  readonly stdenv?: string;
  readonly platforms: Platforms;
  /** Files of overlays, the first applied first. */
  readonly overlays?: readonly string[];
  /** Options of packages, as `ATTR.OPTION=VALUE`. */
  readonly settings?: readonly string[];
  /** A folder where bundles of scripts are kept between runs. */
  readonly bundles?: string | undefined;
  /** A folder for the evaluation cache; without one there is none. */
  readonly cache?: string | undefined;
  readonly emit: Emit;
};

export type PackageSet = {
  /** The names of all packages, ordered by bytes. */
  readonly attributes: () => readonly string[];
  /** Give a package for the host platform. Throws `attribute-unknown`; what is wrong with it is thrown when it is used. */
  readonly package: (attribute: string) => SetPackage;
  /** Give the package that an interface describes, which one of this set depends on. */
  readonly packageOf: (used: PackageInterface) => SetPackage;
  /** Give the canonical derivation of a package that was asked for, or is needed by one. */
  readonly derivation: (path: StorePath) => Derivation | undefined;
  /** Name the package of a canonical derivation that was asked for, or is needed by one. */
  readonly attributeOf: (path: StorePath) => string | undefined;
  /** The same recipes for other platforms. */
  readonly for: (platforms: Platforms) => PackageSet;
  /** How much was done so far. */
  readonly statistics: () => SetStatistics;
  /** Write what is to be cached, and let go of the cache. A set that is not closed does so when the process ends. */
  readonly close: () => void;
};

export type SetStatistics = {
  /** Packages that were evaluated, in this order, with the time that each took itself, in milliseconds. */
  readonly evaluated: readonly { readonly attribute: string; readonly milliseconds: number }[];
  /** Packages whose results were taken from the cache. */
  readonly cached: number;
  readonly files: number;
  readonly bytes: number;
};

/** What tools show of a package, known without evaluating it if it is cached. */
export type PackageRecord = {
  readonly interface: PackageInterface;
  readonly system: string;
  readonly inputDrvs: Readonly<Record<string, readonly string[]>>;
  readonly meta: {
    readonly description: string;
    readonly homepage: string | null;
    readonly license: readonly string[];
    readonly mainProgram: string | null;
  };
};

export type SetPackage = Package & {
  readonly record: PackageRecord;
  /** What was read to know the interface, from an evaluation. */
  readonly trace: () => Trace;
  /** What was read to know the interface: the paths and hashes, from the cache if it has them. */
  readonly reads: () => readonly Read[];
};

/** Open a package set. Nothing is evaluated before it is asked for. Throws `setting-malformed`. */
export function openPackageSet(options: PackageSetOptions): PackageSet {
  return new Sets(options).set(options.platforms);
}

const require = createRequire(import.meta.url);
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** The sets of one list of sources: one for each platform triple. */
class Sets {
  readonly #options: PackageSetOptions;
  readonly #settings: readonly Setting[];
  readonly files = new Files();
  readonly cache: Cache | undefined;
  readonly #packages = new Map<string, CachedPackage>();
  readonly byDerivation = new Map<StorePath, CachedPackage>();
  readonly evaluated: { attribute: string; milliseconds: number }[] = [];
  /** The time of all of them. */
  milliseconds = 0;
  cached = 0;
  #evaluator: Evaluator | undefined;
  #recipes: ReadonlyMap<string, Recipe> | undefined;
  /** Packages that something is worked out of, each needed by the one before. */
  readonly #stack = new Set<string>();

  constructor(options: PackageSetOptions) {
    this.#options = options;
    this.#settings = (options.settings ?? []).map((each) =>
      parseSetting(each, (name) => findRecipe(options.sources, name, this.files) !== undefined),
    );
    if (options.cache !== undefined)
      this.cache = new Cache(
        `${options.cache}/evaluation-${evaluationVersion()}.sqlite`,
        this.files,
        options.emit,
      );
  }

  get evaluator(): Evaluator {
    if (this.#evaluator === undefined) {
      const { Evaluator }: typeof import("./evaluator.ts") = require(`./evaluator.${extension}`);
      this.#evaluator = new Evaluator({
        files: this.files,
        bundles: this.#options.bundles,
        stdenv: this.#options.stdenv,
        overlays: (this.#options.overlays ?? []).map((file) => ({
          file,
          root: file.replace(/\/[^/]*$/, ""),
        })),
      });
    }
    return this.#evaluator;
  }

  set(platforms: Platforms): PackageSet {
    return {
      attributes: () => [...this.#all().keys()],
      package: (attribute) => this.#named(attribute, platforms),
      packageOf: (used) => {
        const found = this.byDerivation.get(used.derivation);
        if (found === undefined) throw new Error(`${used.derivation} is of another package set`);
        return found;
      },
      derivation: (path) => this.byDerivation.get(path)?.lower("joined").canonical.derivation,
      attributeOf: (path) => this.byDerivation.get(path)?.attribute,
      for: (others) => this.set(others),
      statistics: () => ({ evaluated: this.evaluated, cached: this.cached, ...this.files.statistics }),
      close: () => this.cache?.close(),
    };
  }

  /** Find what a user names: an attribute, or `cross.PLATFORM.ATTR`. */
  #named(name: string, platforms: Platforms): CachedPackage {
    const [, platform, attribute] = /^cross\.([^.]+)\.(.+)$/.exec(name) ?? [];
    if (platform === undefined || attribute === undefined) return this.package(name, platforms);
    const host = parsePlatform(platform);
    return this.package(attribute, { build: platforms.build, host, target: host });
  }

  package(attribute: string, platforms: Platforms): CachedPackage {
    const key = `${tripleOf(platforms)} ${attribute}`;
    let found = this.#packages.get(key);
    if (found === undefined) {
      const { sources, overlays = [] } = this.#options;
      const recipe = findRecipe(sources, attribute, this.files);
      if (recipe === undefined) throw unknownAttribute(attribute, this.#all().keys());
      found = new CachedPackage(this, {
        attribute,
        platforms,
        recipe,
        settings: this.#settings.filter((each) => each.attribute === attribute),
        overlays,
      });
      this.#packages.set(key, found);
    }
    return found;
  }

  /** Do work for a package. Throws `package-cycle` where it is being done already. */
  guard<T>(name: string, work: () => T): T {
    if (this.#stack.has(name)) {
      const stack = [...this.#stack];
      throw new CleaveError({
        code: "package-cycle",
        message: `packages need each other in a circle: ${[...stack.slice(stack.indexOf(name)), name].join(" needs ")}`,
        hint: "take one of these tools or libraries away, or make two packages of one",
      });
    }
    this.#stack.add(name);
    try {
      return withRecipes(work);
    } finally {
      this.#stack.delete(name);
    }
  }

  #all(): ReadonlyMap<string, Recipe> {
    this.#recipes ??= findRecipes(this.#options.sources, this.files);
    return this.#recipes;
  }
}

type PackageFacts = {
  readonly attribute: string;
  readonly platforms: Platforms;
  readonly recipe: Recipe;
  readonly settings: readonly Setting[];
  readonly overlays: readonly string[];
};

/** What is kept of a package besides its record: something that can be written and read again. */
type Kept<T> = {
  readonly kind: string;
  readonly make: (real: Package) => T;
  readonly write: (value: T) => string;
  readonly read: (text: string) => T;
};

class CachedPackage implements SetPackage {
  readonly #sets: Sets;
  readonly #facts: PackageFacts;
  readonly #trace = new Trace();
  readonly #values = new Map<string, unknown>();
  #real: Package | undefined;
  #digest: string | undefined;
  #record: PackageRecord | undefined;
  #lookedUp = false;
  #cached: CachedResult | undefined;

  constructor(sets: Sets, facts: PackageFacts) {
    this.#sets = sets;
    this.#facts = facts;
  }

  get attribute(): string {
    return this.#facts.attribute;
  }

  get record(): PackageRecord {
    if (this.#record === undefined) {
      this.#record = this.#kept(recordKind);
      this.#sets.byDerivation.set(this.#record.interface.derivation, this);
    }
    return this.#record;
  }

  get interface(): PackageInterface {
    return this.record.interface;
  }

  /** A hash of the interface. It is known without reading what is cached. */
  get digest(): string {
    if (this.#digest === undefined) this.#guard(() => void this.#lookUp());
    if (this.#digest === undefined) void this.record;
    return this.#digest ?? "";
  }

  lower(partition: Partition): Lowered {
    return this.#lowered(`lower ${describePartition(partition)}`, (real) => real.lower(partition));
  }

  source(): Lowered {
    return this.#lowered("source", (real) => real.source());
  }

  reads(): readonly Read[] {
    void this.record;
    const { cache } = this.#sets;
    return cache !== undefined && this.#cached !== undefined
      ? cache.readsOf(this.#cached)
      : [...this.#trace.reads];
  }

  trace(): Trace {
    this.#evaluated((real) => real.interface);
    return this.#trace;
  }

  // What follows is not kept: whoever asks for it has it evaluated. The interface first, so that its trace is whole.
  get config(): Package["config"] {
    return this.#afterInterface(({ config }) => config);
  }
  get plan(): Package["plan"] {
    return this.#afterInterface(({ plan }) => plan);
  }
  get warnings(): Package["warnings"] {
    return this.#afterInterface(({ warnings }) => warnings);
  }
  get evaluated(): Package["evaluated"] {
    return this.#afterInterface(({ evaluated }) => evaluated);
  }
  get explain(): Package["explain"] {
    return (path) => this.#evaluated((real) => real.explain(path));
  }

  #afterInterface<T>(read: (real: Package) => T): T {
    try {
      void this.record;
    } catch {
      // Whoever asks gets what can be had.
    }
    return this.#evaluated(read);
  }

  #lowered(kind: string, make: (real: Package) => Lowered): Lowered {
    return this.#kept({
      kind,
      make,
      write: writeLowered,
      read: (text) => readLowered(text, () => this.#evaluated(make)),
    });
  }

  #kept<T>({ kind, make, write, read }: Kept<T>): T {
    if (this.#values.has(kind)) return this.#values.get(kind) as T;
    const value = this.#guard(() => {
      const { cache } = this.#sets;
      const found = kind === recordKind.kind ? this.#lookUp() : this.#find(kind);
      if (cache !== undefined && found !== undefined) return read(cache.valueOf(found));
      const made = this.#evaluated(make);
      const digest = kind === recordKind.kind ? digestOf(made as PackageRecord) : "";
      if (kind === recordKind.kind) this.#digest = digest;
      cache?.keep(this.#keyOf(kind), {
        recipe: this.#facts.recipe.file,
        trace: this.#trace.copy(),
        digest,
        value: write(made),
      });
      return made;
    });
    this.#values.set(kind, value);
    return value;
  }

  /** Find the cached record once. */
  #lookUp(): CachedResult | undefined {
    if (this.#lookedUp) return this.#cached;
    this.#lookedUp = true;
    const found = this.#find(recordKind.kind);
    if (found === undefined) return undefined;
    this.#cached = found;
    this.#digest = found.digest;
    this.#sets.cached += 1;
    return found;
  }

  #keyOf(kind: string): string {
    const { attribute, platforms, settings, overlays } = this.#facts;
    return JSON.stringify([attribute, kind, tripleOf(platforms), settings, overlays]);
  }

  /** Find what is cached, if all that it was made from is as it was. */
  #find(kind: string): CachedResult | undefined {
    const { cache } = this.#sets;
    if (cache === undefined || this.#real !== undefined) return undefined;
    const found = cache.find(this.#keyOf(kind));
    if (found === undefined || found.recipe !== this.#facts.recipe.file) return undefined;
    if (cache.changed(found) !== undefined) return undefined;
    for (const { attribute, role, digest } of found.dependencies)
      if (this.#dependency(attribute, role)?.digest !== digest) return undefined;
    return found;
  }

  #dependency(attribute: string, role: Role): CachedPackage | undefined {
    try {
      return this.#sets.package(attribute, platformsFor(role, this.#facts.platforms));
    } catch {
      // Gone: the evaluation will say so.
      return undefined;
    }
  }

  /** Read something off the evaluated package. */
  #evaluated<T>(read: (real: Package) => T): T {
    const isFirst = this.#real === undefined;
    const started = performance.now();
    const before = this.#sets.milliseconds;
    const value = this.#guardOnce(() =>
      tracing(this.#trace, () => {
        this.#real ??= this.#evaluate();
        return read(this.#real);
      }),
    );
    if (isFirst) {
      const others = this.#sets.milliseconds - before;
      const milliseconds = performance.now() - started - others;
      this.#sets.milliseconds += milliseconds;
      this.#sets.evaluated.push({ attribute: this.attribute, milliseconds });
    }
    return value;
  }

  #evaluate(): Package {
    const { attribute, platforms, recipe, settings } = this.#facts;
    return this.#sets.evaluator.evaluate(
      recipe,
      {
        attribute,
        platforms,
        resolve: (name, role) => {
          const found = this.#sets.package(name, platformsFor(role, platforms));
          const described = found.interface;
          this.#trace.addDependency({ attribute: name, role, digest: found.digest });
          return described;
        },
      },
      settings,
    );
  }

  #working = false;

  #guard<T>(work: () => T): T {
    const { attribute, platforms } = this.#facts;
    return this.#sets.guard(`${attribute} for ${formatPlatform(platforms.host)}`, () => {
      this.#working = true;
      try {
        return work();
      } finally {
        this.#working = false;
      }
    });
  }

  /** Guard work that may be part of guarded work of this package. */
  #guardOnce<T>(work: () => T): T {
    return this.#working ? work() : this.#guard(work);
  }
}

const recordKind: Kept<PackageRecord> = {
  kind: "record",
  make: recordOf,
  write: (value) => JSON.stringify(value),
  read: (text) => JSON.parse(text) as PackageRecord,
};

function digestOf({ interface: described }: PackageRecord): string {
  return hashOf(JSON.stringify(described));
}

function recordOf(real: Package): PackageRecord {
  const { meta, platforms } = real.config;
  const { inputDrvs } = real.lower("joined").canonical.derivation;
  return {
    interface: real.interface,
    system: nixSystem(platforms.build),
    inputDrvs: Object.fromEntries([...inputDrvs].map(([path, { outputs }]) => [path, outputs])),
    meta: {
      description: meta.description,
      homepage: meta.homepage,
      license: meta.license,
      mainProgram: meta.mainProgram,
    },
  };
}

const triples = new WeakMap<Platforms, string>();

function tripleOf(platforms: Platforms): string {
  let triple = triples.get(platforms);
  if (triple === undefined) {
    triple = [platforms.build, platforms.host, platforms.target].map(formatPlatform).join(" ");
    triples.set(platforms, triple);
  }
  return triple;
}

/** The platforms of a package that another one needs: a tool runs where that is built, a library where it runs. */
function platformsFor(role: Role, platforms: Platforms): Platforms {
  const { build, host } = platforms;
  if (role === "libraries" || formatPlatform(build) === formatPlatform(host)) return platforms;
  return { build, host: build, target: host };
}

function unknownAttribute(attribute: string, known: Iterable<string>): CleaveError {
  const near = nearest(attribute, known);
  return new CleaveError({
    code: "attribute-unknown",
    message: `there is no package ${quote(attribute)}`,
    hint: near.length > 0 ? `did you mean ${near.join(" or ")}?` : "cleave list shows all",
  });
}
