/**
 * Loads recipes and what they import.
 *
 * Each file is translated once in a process. A file of a recipe is instantiated once for each recipe that imports it, so
 * that no recipe sees what another one's run left in a variable of it.
 */
import { dirname, relative, resolve } from "node:path";
import { CleaveError, type Location, nearest, quote } from "../base/index.ts";
import * as modules from "../modules/index.ts";
import { modulesIn, type SourceFile } from "../modules/index.ts";
import {
  base,
  buildPlaceholder,
  common,
  fetchTarball,
  fetchUrl,
  formatPlatform,
  isStoreObject,
  nixSystem,
  outputPlaceholder,
  parsePlatform,
  rawDerivation,
} from "../package/index.ts";
import { stdenvFolder } from "../package/stdenv-folder.ts";
import { functionsFor, parseJson, reach, type World } from "./functions.ts";
import { noteCaught, type Realm, thrownAt } from "./realm.ts";
import { isChangeable } from "./stateless.ts";
import { record, recordAll, Trace, tracing } from "./trace.ts";
import { type ImportRequest, type Translation, takeUp, translate } from "./translate.ts";

/** What of `cleave/package` recipes get: what loads, bundles or evaluates is not for them. */
const forRecipes = {
  base,
  buildPlaceholder,
  common,
  fetchTarball,
  fetchUrl,
  formatPlatform,
  isStoreObject,
  nixSystem,
  outputPlaceholder,
  parsePlatform,
  rawDerivation,
};

/** What of `cleave/modules` is not for recipes: it tells where files lie on this machine. */
const notForRecipes = new Set([
  "describeExplanation",
  "describeOptions",
  "documentsToJson",
  "documentsToMarkdown",
  "evalModules",
  "modulesIn",
]);

const hostModules = new Set(["cleave/modules", "cleave/package", "cleave/recipe"]);

/** What is exported, by name. It fills while a file runs, so that files can import each other. */
type Exports = Record<string, unknown>;

type Instance = {
  readonly exports: Exports;
  /** What was read to load it, and all that it imports. */
  readonly trace: Trace;
  /** Told when what is exported is there. */
  readonly waiting: (() => void)[];
  done: boolean;
  /** Something in it can be changed after all. */
  changeable: boolean;
};

/** What the function of a translated file is handed. */
type Linkage = {
  /** Takes what sets the variables of imports: to what each import exports, in order. */
  readonly imports: (bind: (exports: readonly Exports[]) => void) => void;
  readonly exports: (getters: Readonly<Record<string, () => unknown>>) => void;
  readonly caught: (error: unknown) => void;
  /** Takes what is at the top of a file that all share. */
  readonly top: (values: readonly unknown[]) => void;
};

/** The instances of files that may see each other's state: those of one recipe, or those that all share. */
export type Scope = Map<string, Instance>;

/** A file, and the source folder that it belongs to: it reaches nothing outside of that. */
type Place = { readonly file: string; readonly root: string };

export class Loader {
  readonly #world: World;
  readonly #stdenv: string;
  readonly #realm: Realm;
  readonly #host: { readonly modules: Exports; readonly packages: Exports };
  readonly #translations = new Map<string, Translation>();
  readonly #shared: Scope = new Map();
  readonly #shareable = new Map<string, boolean>();

  constructor(world: World, realm: Realm, stdenv: string = stdenvFolder) {
    this.#stdenv = stdenv;
    this.#world = world;
    this.#realm = realm;
    this.#host = {
      modules: realm.harden({
        ...Object.fromEntries(Object.entries(modules).filter(([name]) => !notForRecipes.has(name))),
        types: { ...modules.types },
        // A default may be handed to all who read the option.
        mkOption: (declaration: Parameters<typeof modules.mkOption>[0]) =>
          modules.mkOption(realm.harden(declaration)),
      }),
      packages: realm.harden({ ...forRecipes }),
    };
  }

  /** Load a file with all that it imports, and give its default export. What is read goes to the open trace. */
  load(place: Place): unknown {
    const instance = this.#instance(place, new Map());
    recordAll(instance.trace);
    if (Object.hasOwn(instance.exports, "default")) return instance.exports["default"];
    throw new CleaveError({
      code: "recipe-import",
      message: "this file has no default export",
      hint: "end it with export default uses(…).package(…)",
      location: { file: place.file },
    });
  }

  /** Give what `cleave/stdenv` exports, by name. */
  stdenv(): Readonly<Record<string, unknown>> {
    return this.#instance({ file: `${this.#stdenv}/modules/index.ts`, root: this.#stdenv }, this.#shared)
      .exports;
  }

  /** Get the instance of a file that another one imports: one for all, if that keeps no state, or that of the recipe. */
  #imported(place: Place, own: Scope): Instance {
    if (!this.#isShared(place)) return this.#instance(place, own);
    const instance = this.#instance(place, this.#shared);
    if (!instance.changeable) return instance;
    // What it is like shows when it has run.
    this.#shared.delete(place.file);
    this.#shareable.set(place.file, false);
    return this.#instance(place, own);
  }

  /** Tell whether a file, and all that it imports, keep no state. */
  #isShared(place: Place): boolean {
    const known = this.#shareable.get(place.file);
    if (known !== undefined) return known;
    if (place.root === this.#stdenv || place.file.endsWith(".json")) return true;
    // Files that import each other are not.
    this.#shareable.set(place.file, false);
    const { stateless, imports } = this.#translation(place, true);
    const shared =
      stateless &&
      imports.every(
        (request) => hostModules.has(request.specifier) || this.#isShared(this.#resolve(request, place)),
      );
    this.#shareable.set(place.file, shared);
    return shared;
  }

  #instance(place: Place, scope: Scope): Instance {
    const known = scope.get(place.file);
    if (known !== undefined) return known;
    const instance: Instance = {
      exports: Object.create(null),
      trace: new Trace(),
      waiting: [],
      done: false,
      changeable: false,
    };
    scope.set(place.file, instance);
    tracing(instance.trace, () => {
      if (place.file.endsWith(".json"))
        instance.exports["default"] = this.#realm.harden(parseJson(textOf(this.#content(place)), place.file));
      else this.#run(place, instance, scope);
    });
    instance.done = true;
    for (const each of instance.waiting.splice(0)) each();
    return instance;
  }

  /** Read a file that is there; that is recorded. */
  #content({ file, root }: Place): Uint8Array {
    const content = this.#world.files.read(file, root);
    if (content === undefined) throw new Error(`${file} went away`);
    return content;
  }

  #translation(place: Place, isShared: boolean): Translation {
    const key = `${isShared ? "shared " : ""}${place.file}`;
    let translation = this.#translations.get(key);
    if (translation === undefined) {
      const content = this.#content(place);
      const ahead = this.#world.files.translationOf(content);
      translation =
        ahead?.isShared === isShared
          ? takeUp(place.file, textOf(content), ahead)
          : translate(place.file, textOf(content), isShared);
      this.#translations.set(key, translation);
    }
    return translation;
  }

  #run(place: Place, instance: Instance, scope: Scope): void {
    const content = this.#content(place);
    const isShared = scope === this.#shared && place.root !== this.#stdenv;
    const { code, imports, forwards, exports: names, locate } = this.#translation(place, isShared);
    const source: SourceFile = {
      file: place.file,
      read: () => textOf(content),
      locate,
    };
    const imported = imports.map((request) => this.#import(request, place, source, scope));
    for (const { trace } of imported) if (trace !== undefined) recordAll(trace);
    for (const [index, request] of imports.entries())
      checkNames(request, imported[index], this.#host.modules);
    let getters: Readonly<Record<string, () => unknown>> = {};
    const publish = (): void => {
      for (const [name, get] of Object.entries(getters)) {
        try {
          instance.exports[name] = get();
        } catch (error) {
          // Read before it has a value, by a file that this one imports and that imports this one.
          if (!(error instanceof ReferenceError) && (error as Error).name !== "ReferenceError") throw error;
        }
      }
      for (const { request, imported: name, exported } of forwards) {
        const from = imported[request]?.exports ?? {};
        if (exported !== undefined) instance.exports[exported] = name === "*" ? from : from[name];
        else
          for (const [each, value] of Object.entries(from))
            if (each !== "default" && !names.includes(each)) instance.exports[each] = value;
      }
    };
    const linkage: Linkage = {
      imports: (bind) => {
        const all = imported.map((from) => from.exports);
        bind(all);
        for (const from of imported) from.later?.(() => bind(all));
      },
      exports: (given) => {
        getters = given;
      },
      caught: noteCaught,
      top: (values) => {
        instance.changeable = isChangeable(this.#realm.harden(values));
      },
    };
    try {
      const run = this.#realm.evaluate(code, place.file) as (linkage: Linkage) => void;
      run(Object.freeze(linkage));
      publish();
    } catch (error) {
      throw this.#failure(error, place);
    }
    for (const [name, value] of Object.entries(instance.exports))
      instance.exports[name] = this.#realm.harden(value);
  }

  /** Find the place in a file that an error was made at, or from which what made it was called, as far as that is known. */
  placeOf(error: unknown): Location | undefined {
    const at = thrownAt(error);
    const translation =
      at && (this.#translations.get(at.name) ?? this.#translations.get(`shared ${at.name}`));
    return at && translation?.locate(at.line, at.column);
  }

  /** Make a coded error of what the code of a file throws while it is loaded. */
  #failure(error: unknown, { file }: Place): unknown {
    if (error instanceof CleaveError && error.location !== undefined) return error;
    const location = this.placeOf(error);
    if (error instanceof CleaveError) return location === undefined ? error : error.at(location);
    return new CleaveError({
      code: "recipe-throws",
      message: `a recipe throws while it is loaded: ${describeThrown(error)}`,
      hint: "mend the recipe at this place",
      location: location ?? { file },
    });
  }

  #import(request: ImportRequest, place: Place, source: SourceFile, scope: Scope): Imported {
    const host = this.#hostModule(request, place, source);
    if (host !== undefined) return { exports: host };
    const target = this.#resolve(request, place);
    const { exports, trace, done, waiting } = this.#imported(target, scope);
    return { exports, trace, ...(done ? {} : { later: (then: () => void) => waiting.push(then) }) };
  }

  /** What a file imports of the modules that are part of cleave, bound to it. */
  #hostModule({ specifier, bindings }: ImportRequest, place: Place, source: SourceFile): Exports | undefined {
    switch (specifier) {
      case "cleave/modules": {
        const bound = modulesIn(source);
        const get = (name: string): unknown =>
          Object.freeze(Reflect.get(name in bound ? bound : this.#host.modules, name));
        const wanted = bindings.some(({ imported }) => imported === "*")
          ? Object.keys(this.#host.modules)
          : bindings.map(({ imported }) => imported).filter((name) => name in this.#host.modules);
        return Object.freeze(Object.fromEntries(wanted.map((name) => [name, get(name)])));
      }
      case "cleave/package":
        return this.#host.packages;
      case "cleave/recipe":
        return this.#realm.harden({ ...functionsFor({ ...source, ...place }, this.#world) });
      default:
        return undefined;
    }
  }

  #resolve({ specifier, location }: ImportRequest, place: Place): Place {
    if (specifier === "cleave/stdenv")
      return { file: `${this.#stdenv}/modules/index.ts`, root: this.#stdenv };
    if (!/^\.\.?\//.test(specifier)) {
      const known = ["cleave/modules", "cleave/package", "cleave/recipe", "cleave/stdenv"];
      const near = nearest(specifier, known);
      throw new CleaveError({
        code: "recipe-import",
        message: `a recipe cannot import ${quote(specifier)}`,
        hint:
          near.length > 0
            ? `did you mean ${near.join(" or ")}?`
            : `it imports ${known.join(", ")}, and files beside it such as ./lib.ts`,
        location: location(),
      });
    }
    if (!/\.(ts|json)$/.test(specifier))
      throw new CleaveError({
        code: "recipe-import",
        message: `a recipe cannot import ${quote(specifier)}: it is no .ts and no .json file`,
        hint: "name the file with its ending; other files are read with file() and readText() of cleave/recipe",
        location: location(),
      });
    let file: string;
    try {
      file = reach(place, specifier);
    } catch (error) {
      throw error instanceof CleaveError
        ? new CleaveError({ ...error, code: error.code, message: error.message, location: location() })
        : error;
    }
    if (this.#world.files.read(file, place.root) === undefined) {
      const folder = dirname(file);
      const names = (this.#world.files.list(folder) ?? []).map(({ name }) => name);
      const near = nearest(relative(folder, file), names);
      record({ type: "absent", path: file, hash: "" });
      throw new CleaveError({
        code: "recipe-import",
        message: `there is no file ${quote(specifier)}`,
        hint:
          near.length > 0
            ? `did you mean ${near.join(" or ")}?`
            : "paths are relative to the file that imports",
        location: location(),
      });
    }
    return { file: resolve(file), root: place.root };
  }
}

type Imported = {
  readonly exports: Exports;
  readonly trace?: Trace;
  /** There where the file is not done yet: the files import each other. */
  readonly later?: (then: () => void) => void;
};

function describeThrown(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "something that has no text";
  }
}

/** Check that what a file imports is exported. */
function checkNames(
  { specifier, bindings, location }: ImportRequest,
  from: Imported | undefined,
  modules: Exports,
): void {
  if (from === undefined || from.later !== undefined) return;
  const missing = bindings.find(({ imported }) => imported !== "*" && !(imported in from.exports));
  if (missing === undefined) return;
  const names = Object.keys(specifier === "cleave/modules" ? modules : from.exports);
  const near = nearest(missing.imported, names);
  throw new CleaveError({
    code: "recipe-import",
    message: `${quote(specifier)} exports no ${missing.imported}`,
    hint: near.length > 0 ? `did you mean ${near.join(" or ")}?` : `it exports ${names.join(", ")}`,
    location: location(),
  });
}

function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString();
}
