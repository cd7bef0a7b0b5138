/** Binding: the functions that make modules, for a file whose code the runtime knows by no name. */
import { evalModules } from "./eval-modules.ts";
import { defineModule, uses } from "./module.ts";
import { inSource, type SourceFile } from "./position.ts";
import * as types from "./types/index.ts";

/** What {@link modulesIn} gives: the same as the functions of that name. */
export type BoundModules = {
  readonly defineModule: typeof defineModule;
  readonly uses: typeof uses;
  readonly evalModules: typeof evalModules;
  readonly types: typeof types;
};

/** Make the functions that capture positions, for one file: positions are in it, and its text comes from `read`. */
export function modulesIn(source: SourceFile): BoundModules {
  const bind = <F extends (...args: never) => unknown>(make: F): F =>
    new Proxy(make, {
      apply: (target, self, args): unknown => inSource(source, () => Reflect.apply(target, self, args)),
    });
  return {
    defineModule: bind(defineModule),
    uses: bind(uses),
    evalModules: bind(evalModules),
    get types() {
      return { ...types, submodule: bind(types.submodule), attrTag: bind(types.attrTag) };
    },
  };
}
