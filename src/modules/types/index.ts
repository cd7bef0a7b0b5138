/** The types of options, by the names that modules use: `types.string`, `types.listOf(…)`. */
export {
  anyPackage as package,
  anything,
  functionTo,
  type Json,
  json,
  raw,
  rawOf,
} from "./any.ts";
export { attrsOf, attrsWith, lazyAttrsOf } from "./attrs.ts";
export {
  addCheck,
  attrTag,
  coercedTo,
  either,
  enum,
  nullOr,
  oneOf,
  removable,
  uniq,
  unique,
} from "./choice.ts";
export { listOf, nonEmptyListOf } from "./list.ts";
export { path, pathWith, storePath } from "./path.ts";
export { bool, boolByOr, float, int, ints, numbers, port } from "./scalar.ts";
export { deferredModule, submodule, submoduleWith } from "./submodule.ts";
export {
  commas,
  envVar,
  lines,
  nonEmptyString,
  separatedString,
  singleLineString,
  string,
  stringMatching,
} from "./text.ts";
