/** The module of derivations without phases: what a build needs before there is anything to run phases with. */
import { mkOption, types, uses } from "../modules/index.ts";
import { common } from "./common.ts";
import { isStoreObject, type StoreObject } from "./store-object.ts";

export const rawDerivation = uses(common).module("raw derivation", {
  options: {
    builder: mkOption({ type: types.string, description: "The program that is run, an absolute path." }),
    args: mkOption({ type: types.listOf(types.string), default: [], description: "Its arguments." }),
    env: mkOption({
      type: types.attrsOf(types.string),
      default: {},
      description: "Its environment, besides what Nix adds.",
    }),
    files: mkOption({
      type: types.attrsOf(
        types.addCheck(types.rawOf<StoreObject>("file of a recipe, or something fetched"), isStoreObject),
      ),
      default: {},
      description: "Files and fetched things that builder, args and env name by their paths.",
    }),
  },
});
