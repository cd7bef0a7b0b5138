/** A C compiler, and where it finds the libraries that a package uses. */
import { mkDefault, mkOption, types, uses } from "cleave/modules";
import { standard, toolPath } from "./standard.ts";

const flags = (description: string, value: readonly string[] = []) =>
  mkOption({ type: types.listOf(types.string), default: value, description });

export const cc = uses(standard).module(
  "cc",
  {
    options: {
      cflags: flags("Flags of the compiler.", ["-O2"]),
      cppflags: flags("Flags of the preprocessor, besides the folders of the libraries' headers."),
      ldflags: flags("Flags of the linker, besides the folders of the libraries.", ["-s"]),
    },
  },
  ({ config, define }) => {
    const libraries = () => Object.values(config.inputs.libraries).map(({ exports }) => exports);
    return define({
      tools: { cc: mkDefault("bootstrap.cc") },
      env: {
        CC: mkDefault(() => `${toolPath(config.inputs.tools, "cc")}/bin/cc`),
        CFLAGS: mkDefault(() => config.cflags.join(" ")),
        CPPFLAGS: mkDefault(() =>
          [
            ...config.cppflags,
            ...libraries().flatMap(({ include }) => include.map((each) => `-I${each}`)),
          ].join(" "),
        ),
        LDFLAGS: mkDefault(() =>
          [...config.ldflags, ...libraries().flatMap(({ lib }) => lib.map((each) => `-L${each}`))].join(" "),
        ),
      },
    });
  },
);
