/** Collects what a derivation needs while its data is written down. */
import { CleaveError, type Json, quote } from "../base/index.ts";
import type { InputOutputs, StorePath } from "../nix/index.ts";
import { graph } from "./graph.ts";
import type { PackageInterface } from "./interface.ts";
import { Fetched, isStoreObject, type StoreFile, type StoreObject, type StoreTree } from "./store-object.ts";

/** The inputs of a derivation. */
export class Inputs {
  readonly #derivations = new Map<StorePath, Set<string>>();
  readonly #sources = new Set<StorePath>();
  readonly files = new Map<StorePath, StoreFile | StoreTree>();
  readonly fetched = new Map<StorePath, Fetched>();
  readonly packages = new Map<StorePath, PackageInterface>();

  /** Add a file, or something fetched, and give its path. */
  addObject(object: StoreObject): string {
    if (!(object instanceof Fetched)) {
      this.files.set(object.path, object);
      this.#sources.add(object.path);
    } else {
      this.fetched.set(object.derivation.path, object);
      this.addOutput(object.derivation.path, "out");
    }
    return object.path;
  }

  /** Add the outputs of a package that dependants use, and give their paths: the one that it stands for first. */
  addPackage(used: PackageInterface): readonly StorePath[] {
    graph.modulos.set(used.derivation, { hash: used.modulo, outputs: Object.keys(used.outputs) });
    this.packages.set(used.derivation, used);
    const paths = usedOutputs(used);
    for (const [name, path] of Object.entries(used.outputs))
      if (paths.includes(path)) this.addOutput(used.derivation, name);
    return paths;
  }

  addOutput(derivation: StorePath, output: string): void {
    const outputs = this.#derivations.get(derivation);
    if (outputs === undefined) this.#derivations.set(derivation, new Set([output]));
    else outputs.add(output);
  }

  /** Add all that other inputs have. */
  addAll(others: Inputs): void {
    for (const [derivation, outputs] of others.#derivations)
      for (const output of outputs) this.addOutput(derivation, output);
    for (const source of others.#sources) this.#sources.add(source);
    for (const [path, file] of others.files) this.files.set(path, file);
    for (const [path, fetched] of others.fetched) this.fetched.set(path, fetched);
    for (const [path, used] of others.packages) this.packages.set(path, used);
  }

  get inputDrvs(): ReadonlyMap<StorePath, InputOutputs> {
    return new Map(
      [...this.#derivations].map(([path, outputs]) => [path, { outputs: [...outputs].sort() }] as const),
    );
  }
  get inputSrcs(): readonly StorePath[] {
    return [...this.#sources];
  }
}

/** The outputs of a package that its dependants use: the one that it stands for, and those with what it exports. */
function usedOutputs({ path, outputs, exports }: PackageInterface): readonly StorePath[] {
  const folders = [...exports.programs, ...exports.include, ...exports.lib];
  const used = Object.values(outputs).filter(
    (output) =>
      output !== path && folders.some((folder) => folder === output || folder.startsWith(`${output}/`)),
  );
  return [path, ...used];
}

/** What store paths a text may name: those of `known`, by their hash part, each with how to add it. */
export type KnownPaths = ReadonlyMap<string, () => void>;

const storePathPattern = /\/nix\/store\/([0-9a-df-np-sv-z]{32})-/g;

/** Where data stands: an option, or a part of its value, and what has it. */
type Place = { readonly at: string; readonly of: string };

/**
 * Write data down as JSON: objects become their paths, and store paths in texts become inputs. Throws `package-data` for
 * what is not JSON, and `package-undeclared-path` for a store path that is not known.
 */
export function resolveData(value: unknown, where: Place, inputs: Inputs, known: KnownPaths): Json {
  switch (typeof value) {
    case "string":
      return resolveText(value, where, known);
    case "boolean":
      return value;
    case "number":
      if (!Number.isInteger(value) || Math.abs(value) > 2 ** 53)
        throw refusal(
          where,
          `the number ${value}`,
          "data has integers within ±2^53 alone; write this as a text",
        );
      return value;
    case "object":
      break;
    default:
      throw refusal(where, value === undefined ? "undefined" : `a ${typeof value}`);
  }
  if (value === null) return null;
  if (isStoreObject(value)) return inputs.addObject(value);
  if (Array.isArray(value))
    return value.map((each, index) =>
      resolveData(each, { ...where, at: `${where.at}[${index}]` }, inputs, known),
    );
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
    throw refusal(where, `an instance of ${value.constructor.name}`);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      resolveText(name, where, known),
      resolveData(each, { ...where, at: `${where.at}.${name}` }, inputs, known),
    ]),
  );
}

/** Make the store paths in a text inputs. Throws `package-undeclared-path`. */
function resolveText(text: string, where: Place, known: KnownPaths): string {
  for (const [, hash = ""] of text.matchAll(storePathPattern)) {
    const add = known.get(hash);
    if (add === undefined) throw undeclared(where, text);
    add();
  }
  return text;
}

function refusal(
  { at, of }: Place,
  what: string,
  hint = "data for a build is null, booleans, integers, text, lists and records of these, files and fetched things",
): CleaveError {
  return new CleaveError({
    code: "package-data",
    message: `${at} of ${of} is ${what}, which no data for a build can be`,
    hint,
  });
}

function undeclared({ at, of }: Place, text: string): CleaveError {
  return new CleaveError({
    code: "package-undeclared-path",
    message: `${at} of ${of} names a store path that is no tool, library, file or source of it: ${quote(text.slice(0, 160))}`,
    hint: "add the package that it belongs to to tools or libraries, or hand over the file itself instead of its path",
  });
}
