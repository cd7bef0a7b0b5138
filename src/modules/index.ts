/**
 * modules: the module system. Options, modules that define them, and evaluations of lists of modules.
 * Knows nothing of Nix or packages. Imports only base.
 *
 * Every type that the compiler can infer for a module, an option or an evaluation is exported: a library of modules
 * could not be published with declarations otherwise.
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
export type { SpecialArgs } from "./evaluate.ts";
export { describeExplanation, type ExplainedDefinition, type Explanation, type Outcome } from "./explain.ts";
export type { OptionInfo, OptionInfos } from "./inspect.ts";
export {
  type Arguments,
  type ArgumentValues,
  type Body,
  type Context,
  type Defined,
  defineModule,
  type Module,
  type ModuleDeclaration,
  type NeedsOf,
  type OffersOf,
  type Reach,
  uses,
} from "./module.ts";
export {
  type Config,
  type Definitions,
  type Freeform,
  mkAliasOption,
  mkOption,
  mkRemovedOption,
  mkRenamedOption,
  type Option,
  type OptionDeclaration,
  type OptionFacts,
  type OptionTree,
  type Visibility,
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
  type Property,
  type ValueOf,
} from "./property.ts";
export type { Attrs, AttrsDefinition, AttrsFacts } from "./types/attrs.ts";
export type { Constant } from "./types/choice.ts";
export * as types from "./types/index.ts";
export type { ListDefinition } from "./types/list.ts";
export type { PathFacts } from "./types/path.ts";
export type { SubmoduleFacts } from "./types/submodule.ts";
export type { JsonSchema, Phrase, Type } from "./types/type.ts";
