/** `evalModules`: from modules to their configuration. */
import { collect, compile } from "./compile.ts";
import { Evaluation, type SpecialArgs } from "./evaluate.ts";
import { infosOf, type OptionInfos } from "./inspect.ts";
import {
  type ArgumentValues,
  checkModule,
  type Declared,
  type Module,
  type NeedsOf,
  type OffersOf,
} from "./module.ts";
import type { Config } from "./option.ts";

/** An evaluation of modules whose interfaces are `O` together. */
export type Evaluated<O> = {
  readonly config: Config<O>;
  readonly options: OptionInfos<O>;
  /** Evaluate again, with more modules. This is how a configuration is overridden. */
  extendModules<const M extends readonly Module[]>(more: {
    readonly modules: M;
    readonly specialArgs?: SpecialArgs;
  }): Evaluated<O & OffersOf<M[number]>>;
};

type Arguments<A> = keyof A extends never
  ? { readonly specialArgs?: SpecialArgs }
  : { readonly specialArgs: ArgumentValues<A> & SpecialArgs };

/** Evaluate modules, lazily: an option is computed when it is read. */
export function evalModules<const M extends readonly Module[]>(
  given: { readonly modules: M } & Arguments<NeedsOf<M[number]>>,
): Evaluated<OffersOf<M[number]>> {
  const modules = given.modules.map((each) => checkModule(each, "modules of evalModules"));
  return evaluated(modules, given.specialArgs ?? {});
}

function evaluated<O>(modules: readonly Declared[], specialArgs: SpecialArgs): Evaluated<O> {
  const parts = collect(modules);
  const evaluation = new Evaluation(compile(parts), parts, undefined, specialArgs);
  return {
    config: evaluation.config as Config<O>,
    options: infosOf(evaluation, evaluation.compiled.root, undefined) as OptionInfos<O>,
    extendModules: (more) =>
      evaluated([...modules, ...more.modules.map((each) => checkModule(each, "modules of extendModules"))], {
        ...specialArgs,
        ...more.specialArgs,
      }),
  };
}
