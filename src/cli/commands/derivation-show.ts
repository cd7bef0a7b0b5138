import { CleaveError, quote } from "../../base/index.ts";
import { derivationJsonVersions, formatDerivations } from "../../nix/derivation/json.ts";
import type { Command } from "../command.ts";
import { derivationFileDetails, derivationFileOptions, readDerivationFiles } from "../derivation-files.ts";

export const derivationShow: Command = {
  usage: "[--format 1|4] [-r] [--root FOLDER] DRV...",
  summary: "Print derivations as JSON, as nix derivation show does.",
  details: `${derivationFileDetails}

Format 1 is that of nix show-derivation in Nix 2.8. Format 4 is that of current Nix: base names instead of store paths, structured attributes as JSON, outputs of outputs.`,
  options: {
    format: { type: "string", value: "1|4", summary: "the form of the JSON (default: 1)" },
    ...derivationFileOptions,
  },
  arity: [1, Number.POSITIVE_INFINITY],
  run: async (args, io) => {
    const format = args.value("format") ?? "1";
    const version = derivationJsonVersions.find((each) => `${each}` === format);
    if (version === undefined)
      throw new CleaveError({
        code: "cli-usage",
        message: `there is no format ${quote(format)}`,
        hint: `the formats are ${derivationJsonVersions.join(" and ")}`,
      });
    await io.write(formatDerivations(readDerivationFiles(args, io).derivations, version));
    return 0;
  },
};
