import { CleaveError } from "../../base/index.ts";
import { inOneLine } from "../build-board.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";

export const list: Command = {
  usage: "[--json]",
  summary: "List the attributes of the package set.",
  options: { ...setOptions, ...jsonOption },
  arity: [0, 0],
  run: async (args, io) => {
    const attributes = (await openPackages(args, io)).attributes();
    await io.write(
      args.flag("json")
        ? `${JSON.stringify({ attributes })}\n`
        : attributes.map((each) => `${each}\n`).join(""),
    );
    return 0;
  },
};

export const search: Command = {
  usage: "[--json] WORD...",
  summary: "List the packages in whose attribute, name or description all words occur.",
  details: "Exits with 1 where there is none.",
  options: { ...setOptions, ...jsonOption },
  arity: [1, Infinity],
  run: async (args, io) => {
    const set = await openPackages(args, io);
    const words = args.positionals.map((word) => word.toLowerCase());
    const found: { attribute: string; version: string; description: string }[] = [];
    for (const attribute of set.attributes()) {
      try {
        const { interface: made, meta } = set.package(attribute).record;
        const { name, version } = made;
        const text = `${attribute} ${name} ${meta.description}`.toLowerCase();
        if (words.every((word) => text.includes(word)))
          found.push({ attribute, version, description: meta.description });
      } catch (error) {
        // A recipe that is wrong does not hide the others.
        if (!(error instanceof CleaveError)) throw error;
        if (words.every((word) => attribute.toLowerCase().includes(word))) throw error;
      }
    }
    await io.write(
      args.flag("json")
        ? `${JSON.stringify({ packages: found })}\n`
        : found
            .map(
              ({ attribute, version, description }) =>
                `${attribute} ${version}${description === "" ? "" : `: ${inOneLine(description)}`}\n`,
            )
            .join(""),
    );
    return found.length > 0 ? 0 : 1;
  },
};
