/** Bodies: what they get, and what they hand back. */
import { types } from "node:util";
import { CleaveError } from "../base/index.ts";
import { argumentsOf } from "./arguments.ts";
import type { Group } from "./compiled.ts";
import type { Evaluation, Part } from "./evaluate.ts";
import { infosOf } from "./inspect.ts";
import { type Declared, Defined } from "./module.ts";
import { describeValue } from "./problem.ts";
import { recordOf } from "./record.ts";

/** What a body gets; see `Context` in `module.ts`. */
export class BodyContext {
  readonly #evaluation: Evaluation;
  readonly #view: Group;
  readonly #module: Declared;
  readonly #parts: readonly Part[];

  /** `parts` are what the evaluation is made of. */
  constructor(evaluation: Evaluation, view: Group, module: Declared, parts: readonly Part[]) {
    this.#evaluation = evaluation;
    this.#view = view;
    this.#module = module;
    this.#parts = parts;
  }

  get config(): object {
    return recordOf(this.#evaluation, this.#view, this.#module);
  }

  get options(): object {
    this.#evaluation.facts(this.#parts);
    return infosOf(this.#evaluation, this.#view, this.#module);
  }

  get args(): object {
    return argumentsOf(this.#module, this.#evaluation.specialArgs);
  }

  get name(): string {
    const { place } = this.#evaluation;
    if (place !== undefined) return place.name;
    throw new CleaveError({
      code: "module-argument",
      message: `module ${this.#module.name} asks for its name, which only a submodule has`,
      hint: "evaluate it as the type of an option: types.submodule(module)",
      location: this.#module.origin.location,
    });
  }

  get define(): (definitions: unknown) => Defined {
    return define;
  }
}

function define(definitions: unknown): Defined {
  return new Defined(definitions);
}

/** Say that a body handed back something else than what `define` made. */
export function notDefined(module: Declared, result: unknown): CleaveError {
  return new CleaveError({
    code: "module-body",
    message: `the body of module ${module.name} returns ${describeValue(result)}, not what define(…) gives`,
    hint: types.isPromise(result)
      ? "evaluation is synchronous: await what you need before the module is defined"
      : "end the body with return define({ … })",
    location: module.origin.location,
  });
}
