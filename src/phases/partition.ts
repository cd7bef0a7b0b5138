/**
 * Partitions: where the trunk of a plan is cut into derivations.
 *
 * A cut is named by the phase after which it lies. A trunk of n phases has n - 1 places for a cut, and so
 * 2^(n-1) partitions. A partition is no part of a package: it is chosen per build.
 */
import { CleaveError, nearest, quote } from "../base/index.ts";
import type { Phase } from "./phase.ts";
import type { Plan } from "./plan.ts";

/** How a user names a partition: none, all, or the phases after which to cut. */
export type Partition = "joined" | "split" | { readonly after: readonly string[] };

/** Phases that one derivation carries out: trunk phases `first` to `last`, both included. */
export type Group<Input = unknown, Script = unknown> = {
  readonly first: number;
  readonly last: number;
  readonly phases: readonly Phase<Input, Script>[];
};

/** Read a partition as the command line names it: `joined`, `split` or `after=unpack,build`. */
export function parsePartition(text: string): Partition {
  if (text === "joined" || text === "split") return text;
  const names = /^after=(.+)$/s.exec(text)?.[1]?.split(",");
  if (names === undefined || names.includes(""))
    throw new CleaveError({
      code: "partition-unreadable",
      message: `${quote(text)} is no partition`,
      hint: "write joined, split, or after= with the phases to cut after, such as after=unpack,build",
    });
  return { after: names };
}

/** Write a partition in the form that {@link parsePartition} reads. */
export function describePartition(partition: Partition): string {
  if (typeof partition === "string") return partition;
  return partition.after.length === 0 ? "joined" : `after=${partition.after.join(",")}`;
}

/**
 * Cut the trunk of a plan into groups, in order. Throws `partition-unknown-phase` for a cut after what is no
 * phase of the trunk. A cut after the last phase is none.
 */
export function cutTrunk<Input, Script>(
  plan: Plan<Input, Script>,
  partition: Partition,
): readonly Group<Input, Script>[] {
  const cuts = new Set<number>();
  if (partition === "split") for (const index of plan.trunk.keys()) cuts.add(index);
  else if (partition !== "joined")
    for (const name of partition.after) {
      const index = plan.trunk.findIndex((phase) => phase.name === name);
      if (index < 0) throw unknownCut(name, plan);
      cuts.add(index);
    }
  cuts.add(plan.trunk.length - 1);
  const groups: Group<Input, Script>[] = [];
  let first = 0;
  for (const last of [...cuts].sort((a, b) => a - b)) {
    groups.push({ first, last, phases: plan.trunk.slice(first, last + 1) });
    first = last + 1;
  }
  return groups;
}

/** List every partition of a plan, `joined` first, `split` last. Throws a `RangeError` past 20 phases. */
export function allPartitions(plan: Plan): readonly Partition[] {
  const places = plan.trunk.slice(0, -1).map((phase) => phase.name);
  if (places.length >= 20) throw new RangeError(`2^${places.length} partitions are too many to list`);
  return Array.from({ length: 2 ** places.length }, (_, bits) => ({
    after: places.filter((_, place) => (bits >> place) & 1),
  }));
}

function unknownCut(name: string, plan: Plan): CleaveError {
  const names = plan.trunk.map((phase) => phase.name);
  const branch = plan.branches.find(({ phase }) => phase.name === name);
  const near = nearest(name, names);
  return new CleaveError({
    code: "partition-unknown-phase",
    message:
      branch === undefined
        ? `the partition cuts after ${quote(name)}, and there is no such phase`
        : `the partition cuts after ${name}, which is a branch`,
    hint:
      branch === undefined && near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : `the trunk is ${names.join(", ")}`,
  });
}
