/**
 * A package of a set: what is asked of it comes from memory, from the cache if all that it was made from is as it was, or else
 * from an evaluation.
 */
import type { Package } from "../package/index.ts";
import type { PackageInterface, Platforms, Role } from "../package/interface.ts";
import type { Lowered } from "../package/lower.ts";
import { formatPlatform, nixSystem } from "../package/platform.ts";
import { describePartition, type Partition } from "../phases/partition.ts";
import type { Cache, CachedResult } from "./cache.ts";
import type { Evaluator } from "./evaluator.ts";
import { hashOf } from "./files.ts";
import { loadOwn } from "./load-own.ts";
import type { readLowered, writeLowered } from "./lowered-record.ts";
import type { Setting } from "./settings.ts";
import type { Recipe } from "./source.ts";
import { type Read, Trace, tracing } from "./trace.ts";

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

export type PackageFacts = {
  readonly attribute: string;
  readonly platforms: Platforms;
  readonly recipe: Recipe;
  readonly settings: readonly Setting[];
  readonly overlays: readonly string[];
};

/** Loaded when it is needed: it takes all of Nix's formats. */
type LoweredRecord = { readonly readLowered: typeof readLowered; readonly writeLowered: typeof writeLowered };

function loweredRecord(): LoweredRecord {
  return loadOwn("lowered-record.ts") as LoweredRecord;
}

/** What a package has of the set that it is in. */
export type SetOfPackages = {
  readonly cache: Cache | undefined;
  /** Loaded when it is first read. */
  readonly evaluator: Evaluator;
  readonly package: (attribute: string, platforms: Platforms) => CachedPackage;
  /** Do work for a package. Throws `package-cycle` where it is being done already. */
  readonly guard: <T>(name: string, work: () => T) => T;
  readonly byDerivation: Map<string, CachedPackage>;
  readonly evaluated: { attribute: string; milliseconds: number }[];
  /** The time of all of them. */
  milliseconds: number;
  cached: number;
};

/** What is kept of a package besides its record: something that can be written and read again. */
type Kept<T> = {
  readonly kind: string;
  readonly make: (real: Package) => T;
  readonly write: (value: T) => string;
  readonly read: (text: string) => T;
  /** What is handed on is what would be read, also when it has just been made. */
  readonly isReread?: boolean;
};

/** Errors that say where something is wrong. */
const placed = new WeakSet<object>();

export class CachedPackage implements SetPackage {
  readonly #sets: SetOfPackages;
  readonly #facts: PackageFacts;
  readonly #trace = new Trace();
  readonly #values = new Map<string, unknown>();
  #real: Package | undefined;
  #digest: string | undefined;
  #record: PackageRecord | undefined;
  #lookedUp = false;
  #cached: CachedResult | undefined;

  constructor(sets: SetOfPackages, facts: PackageFacts) {
    this.#sets = sets;
    this.#facts = facts;
    frozen(facts.platforms);
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
      write: (lowered) => loweredRecord().writeLowered(lowered),
      read: (text) => loweredRecord().readLowered(text, () => this.#evaluated(make)),
    });
  }

  #kept<T>({ kind, make, write, read, isReread = false }: Kept<T>): T {
    if (this.#values.has(kind)) return this.#values.get(kind) as T;
    const value = this.#guard(() => {
      const { cache } = this.#sets;
      const found = kind === recordKind.kind ? this.#lookUp() : this.#find(kind);
      if (cache !== undefined && found !== undefined) return read(cache.valueOf(found));
      const fresh = this.#evaluated(make);
      const text = isReread || cache !== undefined ? write(fresh) : "";
      const made = isReread ? read(text) : fresh;
      const digest = kind === recordKind.kind ? digestOf(made as PackageRecord) : "";
      if (kind === recordKind.kind) this.#digest = digest;
      cache?.keep(this.#keyOf(kind), {
        recipe: this.#facts.recipe.file,
        trace: this.#trace.copy(),
        digest,
        value: text,
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
    const { attribute, platforms, recipe, settings, overlays } = this.#facts;
    return JSON.stringify([attribute, kind, recipe.file, tripleOf(platforms), settings, overlays]);
  }

  /** Find what is cached, if all that it was made from is as it was. */
  #find(kind: string): CachedResult | undefined {
    const { cache } = this.#sets;
    if (cache === undefined || this.#real !== undefined) return undefined;
    const found = cache.find(this.#keyOf(kind));
    if (found === undefined) return undefined;
    if (cache.hasChanged(found)) return undefined;
    for (const { attribute, role, digest } of found.dependencies())
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
        try {
          this.#real ??= this.#evaluate();
          return read(this.#real);
        } catch (error) {
          throw this.#placed(error);
        }
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

  /** Say of an error which package it is about: the innermost one that was worked on. */
  #placed(error: unknown): unknown {
    if (typeof error !== "object" || error === null || placed.has(error)) return error;
    const found = this.#sets.evaluator.placed(error, this.#facts.recipe);
    if (typeof found === "object" && found !== null) placed.add(found);
    return found;
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

const writeRecord = (value: PackageRecord): string => JSON.stringify(value);
/** Nobody can change it: recipes of other packages are handed parts of it. */
const readRecord = (text: string): PackageRecord => frozen(JSON.parse(text) as PackageRecord);

const recordKind: Kept<PackageRecord> = {
  kind: "record",
  make: recordOf,
  write: writeRecord,
  read: readRecord,
  isReread: true,
};

function frozen<T>(value: T): T {
  for (const name in value) if (typeof value[name] === "object" && value[name] !== null) frozen(value[name]);
  return Object.freeze(value);
}

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

/** Name a platform triple. */
export function tripleOf(platforms: Platforms): string {
  let triple = triples.get(platforms);
  if (triple === undefined) {
    triple = [platforms.build, platforms.host, platforms.target].map(formatPlatform).join(" ");
    triples.set(platforms, triple);
  }
  return triple;
}

/**
 * The platforms of a package that another one needs: a library runs where that does, a tool where that is built. What a tool
 * makes is for where the other one runs, so the tools of a cross compiler are no cross compilers themselves.
 */
function platformsFor(role: Role, platforms: Platforms): Platforms {
  const { build, host } = platforms;
  return role === "libraries" ? platforms : { build, host: build, target: host };
}
