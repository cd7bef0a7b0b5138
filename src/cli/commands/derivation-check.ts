import { makeGraph } from "../../nix/derivation/hash-modulo.ts";
import { ordered } from "../../nix/derivation/order.ts";
import { checkDerivation } from "../../nix/derivation/validate.ts";
import type { Command } from "../command.ts";
import { derivationFileDetails, derivationFileOptions, readDerivationFiles } from "../derivation-files.ts";

export const derivationCheck: Command = {
  usage: "[-r] [--root FOLDER] DRV...",
  summary: "Check that derivations are as Nix would make them, and print their store paths.",
  details: `Computes the path of each derivation and of its outputs again, and compares. Whatever the derivation needs has to be there for that.

${derivationFileDetails}`,
  options: derivationFileOptions,
  arity: [1, Number.POSITIVE_INFINITY],
  run: async (args, io) => {
    const { derivations, read } = readDerivationFiles(args, io);
    const graph = makeGraph(read);
    for (const [path, derivation] of derivations) checkDerivation(path, derivation, graph);
    await io.write([...ordered(derivations.keys()), ""].join("\n"));
    return 0;
  },
};
