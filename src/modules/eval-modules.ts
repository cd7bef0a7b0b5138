/** `evalModules`: from modules to their configuration. */
import { CleaveError } from "../base/index.ts";
import { checkAssertions, listWarnings } from "./checks.ts";
import { collect } from "./collect.ts";
import { compile } from "./compile.ts";
import { Evaluation, type SpecialArgs } from "./evaluate.ts";
import { type Explanation, explain } from "./explain.ts";
import { infosOf, type OptionInfos } from "./inspect.ts";
import {
  type ArgumentValues,
  bodyOf,
  checkModule,
  type Declared,
  type Module,
  type NeedsOf,
  type OffersOf,
} from "./module.ts";
import type { Config, Definitions } from "./option.ts";
import { callerOutside, captureOrigin } from "./position.ts";
import { describeValue } from "./problem.ts";
import type { Definable } from "./property.ts";
import { checkNames } from "./types/element.ts";

/** An evaluation of modules whose interfaces are `O` together. */
export type Evaluated<O> = {
  /** The merged values, each computed when it is read. */
  readonly config: Config<O>;
  /** What is known about each option beside its value. */
  readonly options: OptionInfos<O>;
  /** Tell the whole story of an option, by its path: `phases.build.script`, or names. Throws `option-unknown`. */
  readonly explain: (path: string | readonly string[]) => Explanation;
  /** What modules warn of, and definitions under old names; those of submodules that were read so far. */
  readonly warnings: readonly string[];
  /** Throw `module-assertion` where an assertion of the module `checks` does not hold. */
  readonly check: () => void;
  /** Evaluate again, with more modules or definitions. This is the only way to override a configuration. */
  readonly extendModules: <const M extends readonly Module[] = readonly []>(more: {
    readonly modules?: M;
    readonly definitions?: Definable<Definitions<O>>;
    readonly specialArgs?: SpecialArgs;
  }) => Evaluated<O & OffersOf<M[number]>>;
};

type Arguments<A> = keyof A extends never
  ? { readonly specialArgs?: SpecialArgs }
  : { readonly specialArgs: ArgumentValues<A> & SpecialArgs };

/** Evaluate modules, and definitions that belong to none of them: an option is computed when it is read. */
export function evalModules<const M extends readonly Module[]>(
  given: { readonly modules: M } & Arguments<NeedsOf<M[number]>>,
  // No property of `given`: the compiler has to know the modules before it looks at definitions.
  definitions?: Definable<Definitions<OffersOf<NoInfer<M>[number]>>>,
): Evaluated<OffersOf<M[number]>> {
  if (!Array.isArray(given?.modules))
    throw new CleaveError({
      code: "module-invalid",
      message: `modules of evalModules: this is no list of modules: ${describeValue(given?.modules)}`,
      hint: "give the modules in a list: evalModules({ modules: [hello] })",
      location: callerOutside(),
    });
  checkNames(given, ["modules", "specialArgs"], "evalModules", { code: "module-invalid" });
  const modules = given.modules.map((each) => checkModule(each, "modules of evalModules"));
  if (definitions !== undefined) modules.push(bodyOf("evalModules", captureOrigin(evalModules), definitions));
  return evaluated(modules, given.specialArgs ?? {});
}

function evaluated<O>(modules: readonly Declared[], specialArgs: SpecialArgs): Evaluated<O> {
  return new EvaluatedModules<O>(modules, specialArgs);
}

/** Its functions may be taken off it: each is bound when it is read. */
class EvaluatedModules<O> implements Evaluated<O> {
  readonly #modules: readonly Declared[];
  readonly #evaluation: Evaluation;

  constructor(modules: readonly Declared[], specialArgs: SpecialArgs) {
    const parts = collect(modules);
    this.#modules = modules;
    this.#evaluation = new Evaluation(compile(parts), parts, undefined, specialArgs);
  }

  get config(): Config<O> {
    return this.#evaluation.config as Config<O>;
  }
  get options(): OptionInfos<O> {
    return infosOf(this.#evaluation, this.#evaluation.compiled.root, undefined) as OptionInfos<O>;
  }
  get warnings(): readonly string[] {
    return listWarnings(this.#evaluation);
  }
  get explain(): Evaluated<O>["explain"] {
    return (path) => explain(this.#evaluation, path);
  }
  get check(): Evaluated<O>["check"] {
    return () => checkAssertions(this.#evaluation);
  }
  get extendModules(): Evaluated<O>["extendModules"] {
    const modules = this.#modules;
    const { specialArgs } = this.#evaluation;
    return function extendModules(more = {}) {
      checkNames(more, ["modules", "definitions", "specialArgs"], "extendModules", {
        code: "module-invalid",
      });
      const added = (more.modules ?? []).map((each) => checkModule(each, "modules of extendModules"));
      if (more.definitions !== undefined)
        added.push(bodyOf("extendModules", captureOrigin(extendModules), more.definitions));
      return evaluated([...modules, ...added], { ...specialArgs, ...more.specialArgs });
    };
  }
}
