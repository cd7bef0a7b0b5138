/** Gives where the outputs of a derivation are going to be, by name: those whose paths are known before it is built. */
import type { MadeDerivation, StorePath } from "../nix/index.ts";

export function outputPaths({ derivation }: Pick<MadeDerivation, "derivation">): Record<string, StorePath> {
  return Object.fromEntries(
    [...derivation.outputs].flatMap(([name, output]) => ("path" in output ? [[name, output.path]] : [])),
  );
}
