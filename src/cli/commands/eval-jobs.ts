import { CleaveError, describeError } from "../../base/index.ts";
import type { PackageRecord, PackageSet } from "../../recipes/index.ts";
import type { Command } from "../command.ts";
import { openPackages, setOptions } from "../package-set.ts";

/** So much is written at once, and after so many milliseconds in any case. */
const chunkSize = 1 << 16;
const patience = 200;

export const evalJobs: Command = {
  usage: "[ATTR...]",
  summary: "Evaluate packages, and print a line of JSON for each, as nix-eval-jobs does.",
  details:
    "Without ATTR: all packages of your folders, or if there are none, cleave's own.\n" +
    "A line has attr, attrPath, name, system, drvPath, outputs, inputDrvs and meta; where a package cannot be evaluated, attr,\n" +
    "attrPath and error. That is no failure of the command.",
  options: { ...setOptions },
  arity: [0, Infinity],
  run: async (args, io) => {
    const set = await openPackages(args, io);
    const attributes = args.positionals.length > 0 ? args.positionals : set.ownAttributes();
    set.expect(attributes);
    let chunk = "";
    let written = performance.now();
    for (const attribute of attributes) {
      chunk += `${JSON.stringify(jobOf(set, attribute))}\n`;
      if (chunk.length < chunkSize && performance.now() < written + patience) continue;
      await io.write(chunk);
      chunk = "";
      written = performance.now();
    }
    if (chunk !== "") await io.write(chunk);
    return 0;
  },
};

function jobOf(set: PackageSet, attribute: string): object {
  const names = { attr: attribute, attrPath: attribute.split(".") };
  let record: PackageRecord;
  try {
    record = set.package(attribute).record;
  } catch (error) {
    // Whatever it is, the others are told of.
    return { ...names, error: error instanceof CleaveError ? describeError(error) : String(error) };
  }
  const { interface: made, system, inputDrvs, meta } = record;
  return {
    ...names,
    name: `${made.name}-${made.version}`,
    system,
    drvPath: made.derivation,
    outputs: made.outputs,
    inputDrvs,
    meta: {
      ...(meta.description === "" ? {} : { description: meta.description }),
      ...(meta.homepage === null ? {} : { homepage: meta.homepage }),
      ...(meta.license.length === 0 ? {} : { license: meta.license.map((spdxId) => ({ spdxId })) }),
      ...(meta.mainProgram === null ? {} : { mainProgram: meta.mainProgram }),
    },
  };
}
