/** Packages with a configure script as autoconf makes them. */
import { mkDefault, mkOption, types, uses } from "cleave/modules";
import type { StoreFile } from "cleave/package";
import type { ConfigureData } from "../phases/configure.ts";
import { cc } from "./cc.ts";
import { make } from "./make.ts";
import { standardScript } from "./scripts.ts";
import type { Given } from "./standard.ts";

export const autotools = uses(make, cc).module(
  "autotools",
  {
    options: {
      configureScript: mkOption({
        type: types.string,
        default: "configure",
        description: "The script, from the work tree.",
      }),
      configureFlags: mkOption({
        type: types.listOf(types.string),
        default: [],
        description: "What it is told besides what configureStyle says.",
      }),
      configureStyle: mkOption({
        type: types.enum(["autoconf", "prefix", "plain"]),
        default: "autoconf",
        description:
          "What the script is told by itself: autoconf, where things go and for which platform; prefix, where things go; plain, nothing.",
      }),
      configureLog: mkOption({
        type: types.string,
        default: "config.log",
        description: "How the script calls its log: shown where it fails, removed where it does not.",
      }),
    },
  },
  ({ config, define }) =>
    define({
      phases: {
        configure: {
          after: ["patch"],
          before: ["build"],
          script: mkDefault<StoreFile>(() => standardScript("configure", config)),
          data: () =>
            ({
              shell: config.shell,
              env: config.env,
              script: config.configureScript,
              directory: config.buildDirectory,
              style: config.configureStyle,
              flags: config.configureFlags,
              log: config.configureLog,
            }) satisfies Given<ConfigureData>,
        },
      },
    }),
);
