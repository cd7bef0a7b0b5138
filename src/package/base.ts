/** The module that every package with phases uses: the options that it has. */
import { defineModule, mkOption, types, uses } from "../modules/index.ts";
import type { Schema } from "../phases/index.ts";
import { common } from "./common.ts";
import { buildPlaceholder } from "./placeholder.ts";
import { isStoreObject, StoreFile, type StoreObject } from "./store-object.ts";

const storeFile = types.addCheck(
  types.rawOf<StoreFile>("file of a recipe"),
  (value) => value instanceof StoreFile,
);
const storeObject = types.addCheck(
  types.rawOf<StoreObject>("file or folder of a recipe, or something fetched"),
  isStoreObject,
);

const names = (description: string) =>
  mkOption({ type: types.listOf(types.string), default: [], description });

const extra = (description: string) =>
  mkOption({ type: types.attrsOf(types.removable(types.string)), default: {}, description });

const phase = defineModule("phase", {
  options: {
    interpreter: mkOption({
      type: types.nullOr(types.string),
      default: null,
      description:
        "What runs the script. Where it says nothing, that is the package's interpreter, or the one that the script is written for.",
    }),
    script: mkOption({ type: storeFile, description: "The script, by script() of cleave/recipe." }),
    data: mkOption({
      type: types.anything,
      default: {},
      description:
        "What the script reads as data: JSON, in which a file or something fetched stands for its store path.",
    }),
    result: mkOption({
      type: types.nullOr(types.rawOf<Schema>("JSON schema")),
      default: null,
      description: "The JSON schema of what the script reports.",
    }),
    reads: names("Earlier phases whose results the script reads."),
    tools: extra("Tools besides those of the package."),
    libraries: extra("Libraries besides those of the package."),
    after: names("Phases that this one follows."),
    before: names("Phases that follow this one."),
    branch: mkOption({
      type: types.bool,
      default: false,
      description: "Whether it starts from a state of the trunk and hands no tree on, as a check does.",
    }),
  },
});

const interpreter = defineModule("interpreter", {
  options: {
    tool: mkOption({ type: types.string, description: "The attribute of the package that has the program." }),
    program: mkOption({
      type: types.string,
      description: "The program's place in that package, such as bin/qjs.",
    }),
    args: mkOption({
      type: types.listOf(types.either(types.string, storeFile)),
      default: [],
      description:
        "Arguments that stand before the script: words, and files such as the interpreter's library.",
    }),
    endings: mkOption({
      type: types.listOf(types.string),
      default: [],
      description:
        "How the names of scripts end that are written for it, such as .sh: it runs them in packages that are run by another.",
    }),
  },
});

export const base = uses(common).module(
  "package",
  {
    options: {
      source: mkOption({
        type: types.nullOr(storeObject),
        default: null,
        description: "What the package is made from.",
      }),
      patches: mkOption({
        type: types.listOf(storeObject),
        default: [],
        description: "What is changed in the source, in this order.",
      }),
      interpreter: mkOption({
        type: types.string,
        default: "quickjs",
        description: "The interpreter of phases that name none.",
      }),
      interpreters: mkOption({
        type: types.attrsOf(types.submodule(interpreter)),
        default: {},
        description: "How each interpreter is started.",
      }),
      runner: {
        tool: mkOption({
          type: types.string,
          description: "The attribute of the package that runs the runner.",
        }),
        program: mkOption({ type: types.string, description: "The program's place in that package." }),
        script: mkOption({ type: storeFile, description: "The runner itself." }),
      },
      forTarget: mkOption({
        type: types.bool,
        default: false,
        description:
          "Whether what the phases do depends on the target platform, as a compiler's do. Otherwise they are told the host platform as target, and one build serves for all.",
      }),
      placeholders: mkOption({
        type: types.attrsOf(types.string),
        readOnly: true,
        description:
          "Where phases see the outputs, by name: what a package is told about the places where it is going to be.",
      }),
      phases: mkOption({
        type: types.attrsOf(types.removable(types.submodule(phase))),
        default: {},
        description:
          "The steps of the build by name. null takes one away; the order comes from after and before, and from the names where these leave a choice.",
      }),
    },
  },
  ({ config, define }) =>
    define({
      placeholders: () =>
        Object.fromEntries(
          config.outputs.map((output) => [output, buildPlaceholder(config.name, config.version, output)]),
        ),
    }),
);
