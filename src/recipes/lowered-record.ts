/** Writes lowered packages down, and reads them again without evaluating anything. */
import { encodeText } from "../base/index.ts";
import {
  type Derivation,
  type MadeDerivation,
  namePart,
  parseDerivation,
  type StorePath,
} from "../nix/index.ts";
import { Inputs } from "../package/inputs.ts";
import type { PackageInterface } from "../package/interface.ts";
import type { Lowered } from "../package/lower.ts";
import { Fetched, StoreFile, StoreTree } from "../package/store-object.ts";

type LoweredRecord = {
  /** Path and text. */
  readonly derivations: readonly (readonly [string, string])[];
  /** All further numbers are indexes of derivations. */
  readonly canonical: number;
  readonly groups: readonly { readonly made: number; readonly phases: readonly string[] }[];
  readonly branches: readonly {
    readonly name: string;
    readonly start: string;
    readonly made: number;
    readonly canonical: number;
    readonly prefix: number;
  }[];
  readonly files: readonly { readonly path: string; readonly name: string; readonly tree: boolean }[];
  readonly fetched: readonly { readonly name: string; readonly derivations: readonly number[] }[];
  readonly packages: readonly PackageInterface[];
};

/** Write a lowered package as JSON. The contents of files are left out: who needs them evaluates the package. */
export function writeLowered({ canonical, groups, branches, inputs }: Lowered): string {
  const numbers = new Map<StorePath, number>();
  const derivations: [string, string][] = [];
  const numberOf = ({ path, text }: MadeDerivation): number => {
    let number = numbers.get(path);
    if (number === undefined) {
      number = derivations.push([path, text]) - 1;
      numbers.set(path, number);
    }
    return number;
  };
  const record: LoweredRecord = {
    derivations,
    canonical: numberOf(canonical),
    groups: groups.map(({ made, phases }) => ({ made: numberOf(made), phases })),
    branches: branches.map((each) => ({
      name: each.name,
      start: each.start,
      made: numberOf(each.made),
      canonical: numberOf(each.canonical),
      prefix: numberOf(each.prefix),
    })),
    files: [...inputs.files.values()].map((file) => ({
      path: file.path,
      name: file.name,
      tree: file instanceof StoreTree,
    })),
    fetched: [...inputs.fetched.values()].map((each) => ({
      name: each.name,
      derivations: each.derivations.map(numberOf),
    })),
    packages: [...inputs.packages.values()],
  };
  return JSON.stringify(record);
}

/** Read what {@link writeLowered} wrote. `evaluated` gives the same by evaluation, for the contents of files. */
export function readLowered(text: string, evaluated: () => Lowered): Lowered {
  const record = JSON.parse(text) as LoweredRecord;
  const derivations = record.derivations.map(
    ([path, content]) => new KnownDerivation(path as StorePath, content),
  );
  const made = (number: number): MadeDerivation => {
    const found = derivations[number];
    if (found === undefined) throw new Error("a derivation is not in the record");
    return found;
  };
  const inputs = new Inputs();
  for (const { path, name, tree } of record.files) {
    const known = path as StorePath;
    const original = () => evaluated().inputs.files.get(known);
    inputs.files.set(known, tree ? knownTree(known, name, original) : new KnownFile(known, name, original));
  }
  for (const { name, derivations: numbers } of record.fetched) {
    const fetched = new Fetched(name, numbers.map(made));
    inputs.fetched.set(fetched.derivation.path, fetched);
  }
  for (const each of record.packages) inputs.packages.set(each.derivation, each);
  return {
    canonical: made(record.canonical),
    groups: record.groups.map((each) => ({ made: made(each.made), phases: each.phases })),
    branches: record.branches.map(({ name, start, ...numbers }) => ({
      name,
      start,
      made: made(numbers.made),
      canonical: made(numbers.canonical),
      prefix: made(numbers.prefix),
    })),
    inputs,
  };
}

/** A derivation that is parsed when somebody looks into it. */
class KnownDerivation implements MadeDerivation {
  readonly path: StorePath;
  readonly text: string;
  #derivation: Derivation | undefined;

  constructor(path: StorePath, text: string) {
    this.path = path;
    this.text = text;
  }

  get derivation(): Derivation {
    this.#derivation ??= parseDerivation(encodeText(this.text), namePart(this.path).replace(/\.drv$/, ""));
    return this.#derivation;
  }
}

/** A file whose content is worked out when it is asked for. */
class KnownFile extends StoreFile {
  readonly #known: StorePath;
  readonly #original: () => StoreFile | StoreTree | undefined;

  constructor(path: StorePath, name: string, original: () => StoreFile | StoreTree | undefined) {
    super(name, new Uint8Array());
    this.#known = path;
    this.#original = original;
  }

  override get path(): StorePath {
    return this.#known;
  }
  override get content(): Uint8Array {
    const original = this.#original();
    if (original instanceof StoreFile) return original.content;
    throw new Error(`${this.#known} is no file any more`);
  }
}

function knownTree(
  path: StorePath,
  name: string,
  original: () => StoreFile | StoreTree | undefined,
): StoreTree {
  const tree = new StoreTree(name, { type: "directory", entries: new Map() });
  return Object.defineProperties(tree, {
    path: { value: path },
    tree: {
      get: () => {
        const found = original();
        if (found instanceof StoreTree) return found.tree;
        throw new Error(`${path} is no folder any more`);
      },
    },
  });
}
