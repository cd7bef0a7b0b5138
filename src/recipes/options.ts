/** What is known of the options of one package: their declarations, and their values in it. */
import { CleaveError } from "../base/index.ts";
import { OptionInfo } from "../modules/inspect.ts";
import { showPath } from "../modules/place.ts";
import { describeValue } from "../modules/problem.ts";
import type { Package } from "../package/index.ts";

export type OptionState = {
  readonly name: string;
  readonly type: string;
  readonly description: string | undefined;
  readonly declaredBy: readonly string[];
  /** Absent where there is none. */
  readonly default?: unknown;
  readonly value?: unknown;
  /** What computing the value throws. */
  readonly error?: string;
};

/** List the options of a package in the order in which they are declared; internal ones only with `all`. */
export function optionsOf(made: Package, { all }: { readonly all: boolean }): OptionState[] {
  const found: OptionState[] = [];
  const visit = (infos: object): void => {
    for (const name of Object.keys(infos)) {
      const info: unknown = Reflect.get(infos, name);
      if (info instanceof OptionInfo) {
        if (all || !(info.internal || info.readOnly)) found.push(stateOf(info));
      } else if (typeof info === "object" && info !== null) visit(info);
    }
  };
  visit(made.evaluated.options);
  return found;
}

function stateOf(info: OptionInfo): OptionState {
  return {
    name: showPath(info.path),
    type: info.type.description,
    description: info.description,
    declaredBy: info.declaredBy,
    ...(info.default === undefined ? {} : { default: info.default }),
    ...stateOfValue(info),
  };
}

function stateOfValue(info: OptionInfo): { readonly value: unknown } | { readonly error: string } {
  try {
    return { value: info.value };
  } catch (error) {
    if (error instanceof CleaveError) return { error: error.message.split("\n")[0] ?? "" };
    throw error;
  }
}

/** Write an option as lines. */
export function describeOption({ name, type, description, declaredBy, ...rest }: OptionState): string[] {
  return [
    `${name} = ${"value" in rest ? describeValue(rest.value) : `(${rest.error ?? "nothing"})`}`,
    `  takes ${type}${"default" in rest ? `; default ${describeValue(rest.default)}` : ""}; of module ${declaredBy.join(", ")}`,
    ...(description === undefined ? [] : [`  ${description}`]),
  ];
}
