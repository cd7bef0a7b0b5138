import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { encodeText, fileError } from "../../base/index.ts";
import { type Counts, checkBudget, countEvaluation, parseBudget } from "../../recipes/counts.ts";
import type { SetStatistics } from "../../recipes/index.ts";
import type { Command } from "../command.ts";
import { jsonOption } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";

/** How far counts may grow where a budget is written. */
const growth = 0.1;

export const evalCommand: Command = {
  usage: "[--stats] [--check-budget FILE | --write-budget FILE] [--json] [ATTR...]",
  summary: "Evaluate packages to their derivations.",
  details:
    "Without ATTR: all packages of your folders, or if there are none, cleave's own.\n" +
    "With --stats it counts: packages, options, definitions, merges, reads, files, bytes, which are the same on every machine; and\n" +
    "tells the time of each package, which is not. --check-budget fails where a count has grown by more than the file allows.",
  options: {
    stats: { type: "boolean", summary: "evaluate without cache, count, and take times" },
    "check-budget": { type: "string", value: "FILE", summary: "compare the counts with those of a file" },
    "write-budget": { type: "string", value: "FILE", summary: "write the counts into a file" },
    ...setOptions,
    ...jsonOption,
  },
  arity: [0, Infinity],
  run: async (args, io) => {
    const check = args.value("check-budget");
    const write = args.value("write-budget");
    const isCounting = args.flag("stats") || check !== undefined || write !== undefined;
    const set = await openPackages(args, io, isCounting ? { cache: false } : {});
    const attributes = args.positionals.length > 0 ? args.positionals : set.ownAttributes();
    set.expect(attributes);
    if (!isCounting) {
      const packages = attributes.map((attribute) => ({
        attribute,
        derivation: set.package(attribute).interface.derivation,
      }));
      await io.write(
        args.flag("json")
          ? `${JSON.stringify({ packages })}\n`
          : packages.map(({ derivation }) => `${derivation}\n`).join(""),
      );
      return 0;
    }
    const counts = countEvaluation(set, attributes);
    if (args.flag("stats")) {
      const { evaluated } = set.statistics();
      await io.write(
        args.flag("json") ? `${JSON.stringify({ counts, times: evaluated })}\n` : describe(counts, evaluated),
      );
    }
    if (write !== undefined) save(resolve(io.cwd, write), `${JSON.stringify({ growth, counts }, null, 2)}\n`);
    if (check !== undefined) {
      const file = resolve(io.cwd, check);
      checkBudget(counts, parseBudget(read(file), file), file);
    }
    return 0;
  },
};

function read(file: string): string {
  try {
    return readFileSync(encodeText(file), "utf8");
  } catch (error) {
    throw fileError(error, "read the budget", file);
  }
}

function save(file: string, text: string): void {
  try {
    writeFileSync(encodeText(file), text);
  } catch (error) {
    throw fileError(error, "write the budget", file);
  }
}

function describe(counts: Counts, evaluated: SetStatistics["evaluated"]): string {
  const lines = Object.entries(counts).map(([name, count]) => `${name.padEnd(13)} ${count}`);
  const slowest = [...evaluated].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 20);
  const sum = evaluated.reduce((total, { milliseconds }) => total + milliseconds, 0);
  lines.push("", `${sum.toFixed(0)} ms in ${evaluated.length} packages; the longest:`);
  for (const { attribute, milliseconds } of slowest)
    lines.push(`${milliseconds.toFixed(1).padStart(9)} ms  ${attribute}`);
  return `${lines.join("\n")}\n`;
}
