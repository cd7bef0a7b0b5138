/**
 * modules: the module system. Options, modules that define them, and evaluations of lists of modules.
 * Knows nothing of Nix or packages. Imports only base.
 */
export { type BoundModules, modulesIn } from "./bind.ts";
export { checks } from "./checks.ts";
export {
  type DocumentationOptions,
  describeOptions,
  documentsToJson,
  documentsToMarkdown,
  type OptionDocument,
} from "./documentation.ts";
export { type Evaluated, evalModules } from "./eval-modules.ts";
export { describeExplanation, type ExplainedDefinition, type Explanation } from "./explain.ts";
export type { OptionInfo, OptionInfos } from "./inspect.ts";
export { defineModule, type Module, uses } from "./module.ts";
export {
  type Config,
  type Definitions,
  mkAliasOption,
  mkOption,
  mkRemovedOption,
  mkRenamedOption,
  type Option,
} from "./option.ts";
export type { SourceFile } from "./position.ts";
export {
  type Definable,
  mkAfter,
  mkBefore,
  mkDefault,
  mkForce,
  mkIf,
  mkMerge,
  mkOptionDefault,
  mkOrder,
  mkOverride,
  mkValue,
} from "./property.ts";
export * as types from "./types/index.ts";
