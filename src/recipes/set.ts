/** Package sets: the recipes of source folders, evaluated for one platform triple. */
import { CleaveError, type Emit, nearest, quote } from "../base/index.ts";
import type { Module } from "../modules/index.ts";
import {
  evaluatePackage,
  formatPlatform,
  type Package,
  type PackageInterface,
  type Platform,
  type Platforms,
  type Role,
} from "../package/index.ts";
import { Bundles } from "./bundles.ts";
import { Files } from "./files.ts";
import { Loader } from "./loader.ts";
import { openRealm, withRecipes } from "./realm.ts";
import { findRecipes, type Recipe, type Source } from "./source.ts";

export type PackageSetOptions = {
  readonly sources: readonly Source[];
  readonly platforms: Platforms;
  /** A folder where bundles of scripts are kept between runs. */
  readonly bundles?: string | undefined;
  readonly emit: Emit;
};

export type PackageSet = {
  /** The names of all packages, ordered by bytes. */
  readonly attributes: () => readonly string[];
  /** Give a package for the host platform. Throws `attribute-unknown`; what is wrong with it is thrown when it is used. */
  readonly package: (attribute: string) => Package;
  /** Give the package that an interface describes, which one of this set depends on. */
  readonly packageOf: (used: PackageInterface) => Package;
};

/** Open a package set. Nothing is evaluated before it is asked for. */
export function openPackageSet(options: PackageSetOptions): PackageSet {
  return new Evaluator(options).set(options.platforms);
}

class Evaluator {
  readonly #loader: Loader;
  readonly #recipes: ReadonlyMap<string, Recipe>;
  readonly #sets = new Map<string, Map<string, Package>>();
  readonly #byDerivation = new Map<string, Package>();
  /** Packages that something is computed of, each needed by the one before. */
  readonly #stack: string[] = [];

  constructor({ sources, bundles }: PackageSetOptions) {
    const files = new Files();
    this.#loader = new Loader({ files, bundles: new Bundles(files, bundles) }, openRealm());
    this.#recipes = findRecipes(sources, files);
  }

  set(platforms: Platforms): PackageSet {
    return {
      attributes: () => [...this.#recipes.keys()],
      package: (attribute) => this.#package(attribute, platforms),
      packageOf: (used) => {
        const found = this.#byDerivation.get(used.derivation);
        if (found === undefined) throw new Error(`${used.derivation} is of another package set`);
        return found;
      },
    };
  }

  #package(attribute: string, platforms: Platforms): Package {
    const key = [platforms.build, platforms.host, platforms.target].map(formatPlatform).join(" ");
    let packages = this.#sets.get(key);
    if (packages === undefined) {
      packages = new Map();
      this.#sets.set(key, packages);
    }
    let found = packages.get(attribute);
    if (found === undefined) {
      const recipe = this.#recipes.get(attribute);
      if (recipe === undefined) throw unknownAttribute(attribute, this.#recipes.keys());
      found = this.#evaluate(attribute, recipe, platforms);
      packages.set(attribute, found);
    }
    return found;
  }

  #evaluate(attribute: string, recipe: Recipe, platforms: Platforms): Package {
    const module = withRecipes(() => this.#loader.load(recipe));
    const made = evaluatePackage(module as Module, {
      attribute,
      platforms,
      resolve: (name, role) => this.#package(name, platformsFor(role, platforms)).interface,
    });
    const guard = <T>(work: () => T): T =>
      this.#guard(`${attribute} for ${formatPlatform(platforms.host)}`, work);
    const byDerivation = this.#byDerivation;
    const result: Package = {
      attribute,
      get config() {
        return made.config;
      },
      get interface() {
        const described = guard(() => made.interface);
        byDerivation.set(described.derivation, result);
        return described;
      },
      source: () => guard(() => made.source()),
      get plan() {
        return guard(() => made.plan);
      },
      lower: (partition) => guard(() => made.lower(partition)),
      explain: (path) => guard(() => made.explain(path)),
      get warnings() {
        return guard(() => made.warnings);
      },
      evaluated: made.evaluated,
    };
    return result;
  }

  /** Do work for a package. Throws `package-cycle` where it is being done already. */
  #guard<T>(name: string, work: () => T): T {
    const at = this.#stack.indexOf(name);
    if (at >= 0)
      throw new CleaveError({
        code: "package-cycle",
        message: `packages need each other in a circle: ${[...this.#stack.slice(at), name].join(" needs ")}`,
        hint: "take one of these tools or libraries away, or make two packages of one",
      });
    this.#stack.push(name);
    try {
      return withRecipes(work);
    } finally {
      this.#stack.pop();
    }
  }
}

/** The platforms of a package that another one needs: a tool runs where that is built, a library where it runs. */
function platformsFor(role: Role, { build, host, target }: Platforms): Platforms {
  const same = (a: Platform, b: Platform) => formatPlatform(a) === formatPlatform(b);
  if (role === "libraries") return { build, host, target };
  return same(build, host) ? { build, host: build, target } : { build, host: build, target: host };
}

function unknownAttribute(attribute: string, known: Iterable<string>): CleaveError {
  const names = [...known];
  const near = nearest(attribute, names);
  return new CleaveError({
    code: "attribute-unknown",
    message: `there is no package ${quote(attribute)}`,
    hint: near.length > 0 ? `did you mean ${near.join(" or ")}?` : "cleave list shows all",
  });
}
