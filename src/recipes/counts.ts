/** Counts what evaluations take: the same on every machine, so that growth can be watched. */
import { CleaveError, quote } from "../base/index.ts";
import { OptionInfo } from "../modules/inspect.ts";
import type { SetPackage } from "./cached-package.ts";
import type { PackageSet } from "./set.ts";

export type Counts = {
  readonly packages: number;
  /** Of all packages together: declared options, definitions that count, and options with several of these. */
  readonly options: number;
  readonly definitions: number;
  readonly merges: number;
  /** Reads of files and folders that results depend on, and packages asked for, per package and summed up. */
  readonly reads: number;
  readonly dependencies: number;
  /** Distinct files that were read, and their bytes. */
  readonly files: number;
  readonly bytes: number;
};

/** A budget: the counts at some time, and by which share they may grow. */
export type CountBudget = { readonly growth: number; readonly counts: Counts };

/** Evaluate packages and count. */
export function countEvaluation(set: PackageSet, attributes: readonly string[]): Counts {
  const counts = { packages: 0, options: 0, definitions: 0, merges: 0, reads: 0, dependencies: 0 };
  for (const attribute of attributes) {
    const made = set.package(attribute);
    counts.packages += 1;
    const trace = made.trace();
    counts.reads += [...trace.reads].length;
    counts.dependencies += [...trace.dependencies].length;
    countOptions(made, counts);
  }
  const { files, bytes } = set.statistics();
  return { ...counts, files, bytes };
}

function countOptions(
  made: SetPackage,
  counts: { options: number; definitions: number; merges: number },
): void {
  const visit = (infos: object): void => {
    for (const name of Object.keys(infos)) {
      const info: unknown = Reflect.get(infos, name);
      if (info instanceof OptionInfo) {
        const definitions = definitionsOf(info);
        counts.options += 1;
        counts.definitions += definitions;
        if (definitions > 1) counts.merges += 1;
      } else if (typeof info === "object" && info !== null) visit(info);
    }
  };
  visit(made.evaluated.options);
}

function definitionsOf(info: OptionInfo): number {
  try {
    return info.definitions.length;
  } catch (error) {
    // Not defined, which is no matter as long as nobody asks.
    if (error instanceof CleaveError) return 0;
    throw error;
  }
}

/** Read a budget. Throws `budget-malformed`. */
export function parseBudget(text: string, file: string): CountBudget {
  try {
    const { growth, counts } = JSON.parse(text) as CountBudget;
    if (
      typeof growth === "number" &&
      growth >= 0 &&
      Object.values(counts).every((each) => typeof each === "number")
    )
      return { growth, counts };
  } catch {
    // The same as a text with other content.
  }
  throw new CleaveError({
    code: "budget-malformed",
    message: "this is no budget of counts",
    hint: 'write { "growth": 0.1, "counts": { … } }, with the counts that cleave eval --stats --json prints',
    location: { file },
  });
}

/** Compare counts with a budget. Throws `budget-exceeded` with all that have grown too far. */
export function checkBudget(counts: Counts, { growth, counts: before }: CountBudget, file: string): void {
  const over = Object.entries(before).flatMap(([name, count]) => {
    const now = (counts as Readonly<Record<string, number>>)[name] ?? 0;
    return now > count * (1 + growth) ? [`${name} ${count} to ${now}`] : [];
  });
  if (over.length === 0) return;
  throw new CleaveError({
    code: "budget-exceeded",
    message: `counts have grown by more than ${Math.round(growth * 1000) / 10} %: ${over.join(", ")}`,
    hint: `find what grew with cleave eval --stats; if it is meant to, write the budget ${quote(file)} anew with --write-budget`,
    location: { file },
  });
}
