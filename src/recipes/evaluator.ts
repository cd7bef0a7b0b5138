/** Evaluates packages: loads recipes and the modules of overlays, and hands them to the module system. */
import { CleaveError, type ErrorCode, nearest, quote } from "../base/index.ts";
import { describeOptions, type Module, mkOverride } from "../modules/index.ts";
import { bodyOf, Module as ModuleClass } from "../modules/module.ts";
import { parsePath } from "../modules/place.ts";
import { Origin } from "../modules/position.ts";
import { evaluatePackage, type Package, type PackageContext } from "../package/index.ts";
import { Bundles } from "./bundles.ts";
import type { Files } from "./files.ts";
import { Loader } from "./loader.ts";
import { openRealm } from "./realm.ts";
import type { Setting } from "./settings.ts";
import type { Recipe } from "./source.ts";

export type EvaluatorOptions = {
  readonly files: Files;
  readonly bundles: string | undefined;
  readonly stdenv: string | undefined;
  readonly overlays: readonly Recipe[];
  /** Say whether the set has a package of this name; reads nothing that is recorded. */
  readonly isAttribute: (name: string) => boolean;
  /** All packages of the set, for who has named another. */
  readonly attributes: () => Iterable<string>;
};

/** What a setting's definition is stronger than: all that modules define, mkForce included. */
const settingPriority = 10;

/** A definition that a setting makes; any whose place is told. */
const isOfSetting = /, by module --set at --set$/m;
const hasPlace = /by module .* at /;
/** What no single recipe has wrong. */
const isOfNone: ReadonlySet<ErrorCode> = new Set(["package-cycle", "partition-unknown-phase"]);
const undeclared = /^there is no option ([\w.-]+), which module/;
const settingHint =
  "a setting is JSON, or a text that is none: --set 'ATTR.OPTION=[\"-O3\"]', --set 'ATTR.OPTION=\"3\"' for a text of digits";

export class Evaluator {
  readonly #loader: Loader;
  readonly #overlays: readonly Recipe[];
  readonly #names: Pick<EvaluatorOptions, "isAttribute" | "attributes">;

  constructor({ files, bundles, stdenv, overlays, ...names }: EvaluatorOptions) {
    this.#loader = new Loader({ files, bundles: new Bundles(files, bundles) }, openRealm(), stdenv);
    this.#overlays = overlays;
    this.#names = names;
  }

  /** Evaluate a package; what is read goes to the open trace, now and when something is computed. */
  evaluate(recipe: Recipe, context: PackageContext, settings: readonly Setting[]): Package {
    const module = this.#loader.load(recipe);
    if (!ModuleClass.is(module)) throw notModule("the default export of this recipe", recipe);
    const names = [...(recipe.isBootstrap === true ? [] : ["*"]), context.attribute];
    const more = this.#overlays.flatMap((overlay) => this.#overlayModules(overlay, names));
    if (settings.length > 0) more.push(settingsModule(settings));
    return evaluatePackage(module as Module, context, more);
  }

  /** Say of an error in which recipe something is wrong, where it does not say so itself. */
  placed(error: unknown, { file }: Recipe): unknown {
    if (!(error instanceof CleaveError)) return error;
    const { code, message, hint, cause, location } = error;
    // The place that this one names is where the option is declared.
    if (code === "option-undefined")
      return new CleaveError({ code, message, hint, cause, location: { file } });
    if (code === "option-type" && isOfSetting.test(message))
      return new CleaveError({ code, message, cause, location, hint: settingHint });
    if (code === "option-unknown") {
      const declaring = this.#declaring(undeclared.exec(message)?.[1] ?? "");
      if (declaring !== undefined)
        return new CleaveError({
          code,
          message,
          cause,
          location,
          hint: `use the module ${declaring} of cleave/stdenv, which declares it`,
        });
    }
    if (location !== undefined || hasPlace.test(message) || isOfNone.has(code)) return error;
    return error.at((code === "package-fetch" ? this.#loader.placeOf(error) : undefined) ?? { file });
  }

  /** Find the module of stdenv that declares an option, for who has not used it. */
  #declaring(option: string): string | undefined {
    const exported = this.#loader.stdenv();
    for (const [name, module] of Object.entries(exported)) {
      if (!ModuleClass.is(module)) continue;
      const declared = describeOptions([module as Module]).find((each) => each.name === option);
      const own = declared?.declarations[0]?.module ?? "";
      if (declared !== undefined) return Object.hasOwn(exported, own) ? own : name;
    }
    return undefined;
  }

  #overlayModules(overlay: Recipe, names: readonly string[]): Module[] {
    const exported = this.#loader.load(overlay);
    if (typeof exported !== "object" || exported === null || ModuleClass.is(exported))
      throw new CleaveError({
        code: "overlay-invalid",
        message: "the default export of an overlay is a record of modules by attribute",
        hint: 'such as export default { hello: uses(autotools).package("mine", …), "*": … }',
        location: { file: overlay.file },
      });
    for (const name of Object.keys(exported)) this.#checkName(name, overlay);
    const found: Module[] = [];
    for (const name of names) {
      if (!Object.hasOwn(exported, name)) continue;
      const value: unknown = Reflect.get(exported, name);
      for (const each of Array.isArray(value) ? value : [value]) {
        if (!ModuleClass.is(each)) throw notModule(`${quote(name)} of this overlay`, overlay);
        found.push(each);
      }
    }
    return found;
  }

  /** Throws `overlay-invalid` for a package that there is not: it would be changed in vain. */
  #checkName(name: string, { file }: Recipe): void {
    if (name === "*" || this.#names.isAttribute(name)) return;
    const near = nearest(name, this.#names.attributes());
    throw new CleaveError({
      code: "overlay-invalid",
      message: `this overlay names ${quote(name)}, and there is no such package`,
      hint: near.length > 0 ? `did you mean ${near.join(" or ")}?` : "cleave list shows all",
      location: { file },
    });
  }
}

function notModule(what: string, { file }: Recipe): CleaveError {
  return new CleaveError({
    code: "recipe-import",
    message: `${what} is no module`,
    hint: "make it with uses(…).package(…) of cleave/modules",
    location: { file },
  });
}

/** Make the module of what was set on the command line: it reaches all options, as it belongs to the evaluation. */
function settingsModule(settings: readonly Setting[]): Module {
  const definitions: Record<string, unknown> = {};
  for (const { option, value } of settings) {
    const names = parsePath(option);
    const last = names.at(-1) ?? "";
    let at = definitions;
    for (const name of names.slice(0, -1)) {
      const below = Object.hasOwn(at, name) ? at[name] : undefined;
      const next: Record<string, unknown> = typeof below === "object" && below !== null ? { ...below } : {};
      at[name] = next;
      at = next;
    }
    at[last] = mkOverride(settingPriority, value as never);
  }
  return new ModuleClass(bodyOf("--set", new Origin({ file: "--set" }), definitions));
}
