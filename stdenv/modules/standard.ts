/** The phases that every package made from source has: unpack, patch, fixup. */
import { mkDefault, mkOption, mkOptionDefault, types, uses } from "cleave/modules";
import { base, type PackageInterface, type StoreFile } from "cleave/package";
import type { FixupData } from "../phases/fixup.ts";
import type { PatchData } from "../phases/patch.ts";
import type { UnpackData } from "../phases/unpack.ts";
import { lua, quickjs, sh } from "./interpreters.ts";
import { standardScript } from "./scripts.ts";

export const standard = uses(base, quickjs, sh, lua).module(
  "standard",
  {
    options: {
      shell: mkOption({
        type: types.string,
        description: "The shell that scripts and makefiles are run by, an absolute path.",
      }),
      env: mkOption({
        type: types.attrsOf(types.string),
        default: {},
        description: "Variables for the tools that phases start, besides those that are the same for all.",
      }),
      sourceRoot: mkOption({
        type: types.nullOr(types.string),
        default: null,
        description: "The folder of the source that is built; its only top folder where it says nothing.",
      }),
      patchStrip: mkOption({
        type: types.ints.unsigned,
        default: 1,
        description: "How many folders are taken away from the front of the names in patches.",
      }),
      patchShebangs: mkOption({
        type: types.bool,
        default: true,
        description:
          "Whether scripts, in the source and as installed, name their interpreters by store paths.",
      }),
      moveToOutputs: mkOption({
        type: types.attrsOf(types.listOf(types.string)),
        default: {},
        description: "What goes from the main output to others: by output, patterns for paths in it.",
      }),
    },
  },
  ({ config, define }) =>
    define({
      tools: { busybox: mkDefault("bootstrap.busybox") },
      shell: mkOptionDefault(() => `${toolPath(config.inputs.tools, "busybox")}/bin/sh`),
      phases: {
        unpack: {
          script: mkDefault<StoreFile>(() => standardScript("unpack", config)),
          data: () => ({ source: config.source, sourceRoot: config.sourceRoot }) satisfies Given<UnpackData>,
        },
        patch: {
          after: ["unpack"],
          script: mkDefault<StoreFile>(() => standardScript("patch", config)),
          data: () =>
            ({
              patches: config.patches.map((file) => ({ file, strip: config.patchStrip })),
              shebangs: config.patchShebangs,
            }) satisfies Given<PatchData>,
        },
        fixup: {
          after: ["patch"],
          script: mkDefault<StoreFile>(() => standardScript("fixup", config)),
          data: () =>
            ({ shebangs: config.patchShebangs, move: config.moveToOutputs }) satisfies Given<FixupData>,
        },
      },
    }),
);

/** Data as a recipe gives it: where the phase reads a store path, something that stands for one. */
export type Given<T> = T extends string | number | boolean | null
  ? T | (string extends T ? object : never)
  : { readonly [K in keyof T]: Given<T[K]> };

/** Give the store path of a tool that a module of stdenv brings. */
export function toolPath(tools: Readonly<Record<string, PackageInterface>>, name: string): string {
  const tool = tools[name];
  if (tool === undefined) throw new Error(`the tool ${name} was taken away, and a module needs it`);
  return tool.path;
}
