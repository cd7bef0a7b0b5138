/** Packages that are built by a makefile: build, check, install. */
import { mkDefault, mkForce, mkIf, mkMerge, mkOption, mkOptionDefault, types, uses } from "cleave/modules";
import type { Platform, StoreFile } from "cleave/package";
import type { MakeData } from "../phases/make.ts";
import { standardScript } from "./scripts.ts";
import { type Given, standard } from "./standard.ts";

const flags = (description: string) =>
  mkOption({ type: types.listOf(types.string), default: [], description });

export const make = uses(standard).module(
  "make",
  {
    options: {
      makeFlags: flags("Variables as NAME=value and options for every make."),
      buildFlags: flags("Besides makeFlags, for build."),
      buildTargets: flags("What build makes; the makefile's first goal where it says nothing."),
      checkFlags: flags("Besides makeFlags, for check."),
      checkTargets: mkOption({
        type: types.listOf(types.string),
        default: ["check"],
        description: "What check makes.",
      }),
      installFlags: flags("Besides makeFlags, for install."),
      installTargets: mkOption({
        type: types.listOf(types.string),
        default: ["install"],
        description: "What install makes.",
      }),
      doCheck: mkOption({
        type: types.bool,
        description:
          "Whether there is a phase check; where it says nothing, there is if what is built runs where it is built.",
      }),
      parallel: mkOption({
        type: types.bool,
        default: true,
        description: "Whether make runs as many jobs as there are cores.",
      }),
      makefile: mkOption({
        type: types.nullOr(types.string),
        default: null,
        description: "The makefile; the one that make finds where it says nothing.",
      }),
      buildDirectory: mkOption({
        type: types.nullOr(types.string),
        default: null,
        description: "The folder that is built in, from the work tree; that itself where it says nothing.",
      }),
    },
  },
  ({ config, define }) => {
    const data = (targets: readonly string[], own: readonly string[]) =>
      ({
        shell: config.shell,
        env: config.env,
        directory: config.buildDirectory,
        makefile: config.makefile,
        targets,
        flags: [...config.makeFlags, ...own],
        parallel: config.parallel,
      }) satisfies Given<MakeData>;
    const scriptOf = (name: string) => mkDefault<StoreFile>(() => standardScript(name, config));
    return define({
      tools: { make: mkDefault("bootstrap.make") },
      doCheck: mkOptionDefault(() => isNative(config.platforms)),
      phases: {
        build: {
          after: ["patch"],
          before: ["fixup"],
          script: scriptOf("build"),
          data: () => data(config.buildTargets, config.buildFlags),
        },
        check: mkMerge([
          {
            after: ["build"],
            branch: true,
            script: scriptOf("check"),
            data: () => data(config.checkTargets, config.checkFlags),
          },
          // What a recipe says of the phase is in vain then.
          mkIf(
            () => !config.doCheck,
            () => mkForce(null),
          ),
        ]),
        install: {
          after: ["build"],
          before: ["fixup"],
          script: scriptOf("install"),
          data: () => data(config.installTargets, config.installFlags),
        },
      },
    });
  },
);

/** Say whether what is built runs where it is built. */
function isNative({ build, host }: { readonly build: Platform; readonly host: Platform }): boolean {
  return build.cpu === host.cpu && build.kernel === host.kernel && build.abi === host.abi;
}
