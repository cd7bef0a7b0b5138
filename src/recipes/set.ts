/**
 * Package sets: the recipes of source folders, evaluated for one platform triple.
 *
 * What is asked of a package comes from memory, from the cache if all that it was made from is as it was, or else from an
 * evaluation, whose modules are loaded only then. A package that another one depends on is there as its interface.
 */
import { CleaveError, type Emit, nearest, quote } from "../base/index.ts";
import type { Derivation, StorePath } from "../nix/index.ts";
import type { PackageInterface, Platforms } from "../package/interface.ts";
import { parsePlatform } from "../package/platform.ts";
import { type Cache, openCache } from "./cache.ts";
import { CachedPackage, type SetOfPackages, type SetPackage, tripleOf } from "./cached-package.ts";
import type { Evaluator } from "./evaluator.ts";
import { Files } from "./files.ts";
import { loadOwn } from "./load-own.ts";
import { withRecipes } from "./realm.ts";
import { parseSetting, type Setting } from "./settings.ts";
import { findRecipe, findRecipes, type Recipe, type Source } from "./source.ts";
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
  /** Say what can be done about a package that is not in the set, where somebody knows. */
  readonly hintFor?: (attribute: string) => string | undefined;
  /** A folder where bundles of scripts are kept between runs. */
  readonly bundles?: string | undefined;
  /** A folder for the evaluation cache; without one there is none. */
  readonly cache?: string | undefined;
  readonly emit: Emit;
};

export type PackageSet = {
  /** The names of all packages, ordered by bytes. */
  readonly attributes: () => readonly string[];
  /** Those of them that are not of a base; where there are no others, all. */
  readonly ownAttributes: () => readonly string[];
  /** Announce packages that are about to be asked for, in this order: that may be quicker. */
  readonly expect: (attributes: readonly string[]) => void;
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

/** So many packages have to be evaluated before more are taken to follow, where the cache does not let expect it. */
const severalMisses = 8;

/** Open a package set. Nothing is evaluated before it is asked for. Throws `setting-malformed`. */
export function openPackageSet(options: PackageSetOptions): PackageSet {
  return new Sets(options).set(options.platforms);
}

/** The sets of one list of sources: one for each platform triple. */
class Sets implements SetOfPackages {
  readonly #options: PackageSetOptions;
  readonly #settings: readonly Setting[];
  readonly files = new Files();
  readonly cache: Cache | undefined;
  readonly #packages = new Map<string, CachedPackage>();
  readonly byDerivation = new Map<string, CachedPackage>();
  readonly evaluated: { attribute: string; milliseconds: number }[] = [];
  /** The time of all of them. */
  milliseconds = 0;
  cached = 0;
  #evaluator: Evaluator | undefined;
  /** How often it was asked for. */
  #evaluations = 0;
  #expected: readonly string[] = [];
  #recipes: ReadonlyMap<string, Recipe> | undefined;
  /** Packages that something is worked out of, each needed by the one before. */
  readonly #stack = new Set<string>();

  constructor(options: PackageSetOptions) {
    this.#options = options;
    this.#settings = (options.settings ?? []).map((each) =>
      parseSetting(
        each,
        (name) => this.#isAttribute(name),
        () => this.#all().keys(),
      ),
    );
    if (options.cache !== undefined)
      this.cache = openCache(
        `${options.cache}/evaluation-${evaluationVersion()}.sqlite`,
        this.files,
        options.emit,
      );
  }

  get evaluator(): Evaluator {
    this.#evaluations += 1;
    if (this.#evaluations === (this.cache?.isOutdated === false ? severalMisses : 1)) this.#readAhead();
    if (this.#evaluator === undefined) {
      const { Evaluator: Loaded } = loadOwn("evaluator.ts") as typeof import("./evaluator.ts");
      this.#evaluator = new Loaded({
        files: this.files,
        bundles: this.#options.bundles,
        stdenv: this.#options.stdenv,
        overlays: (this.#options.overlays ?? []).map((file) => ({
          file,
          root: file.replace(/\/[^/]*$/, ""),
        })),
        isAttribute: (name) => this.#isAttribute(name),
        attributes: () => this.#all().keys(),
      });
    }
    return this.#evaluator;
  }

  /** Read ahead the recipes of what is expected: that which is evaluated now, and what was not asked for so far. */
  #readAhead(): void {
    const { sources } = this.#options;
    const before = new Set([...this.#packages.values()].slice(0, -1).map(({ attribute }) => attribute));
    const files = this.#expected.flatMap((attribute) =>
      before.has(attribute) ? [] : (findRecipe(sources, attribute, this.files)?.file ?? []),
    );
    this.files.readAhead(files, this.#evaluations === 1);
  }

  set(platforms: Platforms): PackageSet {
    return {
      attributes: () => [...this.#all().keys()],
      ownAttributes: () => this.#own(),
      expect: (attributes) => {
        this.#expected = attributes;
      },
      package: (attribute) => this.#named(attribute, platforms),
      packageOf: (used) => this.byDerivation.get(used.derivation) ?? this.#find(used, platforms),
      derivation: (path) => this.byDerivation.get(path)?.lower("joined").canonical.derivation,
      attributeOf: (path) => this.byDerivation.get(path)?.attribute,
      for: (others) => this.set(others),
      statistics: () => ({ evaluated: this.evaluated, cached: this.cached, ...this.files.statistics }),
      close: () => this.cache?.close(),
    };
  }

  /** Find the package of an interface that came out of the cache, for whichever platforms it is. */
  #find({ attribute, derivation }: PackageInterface, { build, host, target }: Platforms): CachedPackage {
    for (const platforms of [
      { build, host, target },
      { build, host: build, target: host },
      { build, host: build, target: build },
    ]) {
      const found = this.package(attribute, platforms);
      if (found.interface.derivation === derivation) return found;
    }
    throw new Error(`${derivation} is of another package set`);
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
      const { sources, overlays = [], hintFor } = this.#options;
      const recipe = findRecipe(sources, attribute, this.files);
      if (recipe === undefined)
        throw unknownAttribute(attribute, [...this.#all().keys()], hintFor?.(attribute));
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

  #isAttribute(name: string): boolean {
    return findRecipe(this.#options.sources, name, this.files) !== undefined;
  }

  #own(): readonly string[] {
    const all = this.#all();
    const own = [...all.keys()].filter((attribute) => all.get(attribute)?.isBase !== true);
    return own.length > 0 ? own : [...all.keys()];
  }

  #all(): ReadonlyMap<string, Recipe> {
    this.#recipes ??= findRecipes(this.#options.sources, this.files);
    return this.#recipes;
  }
}

function unknownAttribute(
  attribute: string,
  known: readonly string[],
  hint: string | undefined,
): CleaveError {
  // As packages are named elsewhere: by the path of a recipe, or by a flake and what is in it.
  const part = attribute.split(/[/#]/).findLast((each) => each !== "" && each !== "package.ts") ?? "";
  const near = known.includes(part)
    ? [part]
    : [...new Set([attribute, part].flatMap((each) => nearest(each, known)))];
  return new CleaveError({
    code: "attribute-unknown",
    message: `there is no package ${quote(attribute)}`,
    hint:
      hint ?? (near.length > 0 ? `did you mean ${near.slice(0, 3).join(" or ")}?` : "cleave list shows all"),
  });
}
