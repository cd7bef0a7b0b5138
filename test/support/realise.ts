/** Derivations by real Nix in a store that cleave and Nix share, and what their builders need. */
import { copyFileSync, existsSync, mkdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type Nix, needsNix, nixIn } from "./nix.ts";

const busybox = "/bin/busybox";

/** Options for `test()`: skips loudly where real Nix or the builders' shell is missing. */
export const needsBuilds: { readonly skip: string | false } = {
  skip:
    needsNix.skip !== false
      ? needsNix.skip
      : existsSync(busybox)
        ? false
        : "there is no static /bin/busybox (apt-get install busybox-static)",
};

export type BuildRig = Nix & {
  /** Write the derivations of a Nix expression, in which `sh SCRIPT ATTRS` is one that runs a script. */
  readonly instantiate: (expression: string) => string[];
};

/** Set up real Nix in a folder, with a shell for builders in its store. */
export function buildRig(folder: string): BuildRig {
  const nix = nixIn(folder);
  const tools = join(folder, "tools");
  mkdirSync(tools);
  copyFileSync(busybox, join(tools, "busybox"));
  const path = nix.run("nix-store", ["--add", tools]).toString().trim();
  const prelude = `
    let
      tools = builtins.storePath ${path};
      sh = script: attrs: derivation ({
        name = "x";
        system = builtins.currentSystem;
        builder = "\${tools}/busybox";
        args = [ "sh" "-c" "PATH=\${tools}; export PATH; busybox() { \${tools}/busybox \\"$@\\"; }; set -e; \${script}" ];
      } // attrs);
    in `;
  return {
    ...nix,
    instantiate: (expression) =>
      nix
        .run("nix-instantiate", [
          "--add-root",
          join(folder, "gcroot"),
          "--indirect",
          "-E",
          prelude + expression,
        ])
        .toString()
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((link) => readlinkSync(link)),
  };
}
