/**
 * The plan of a package: its phases in order, known before anything is built.
 *
 * The order comes from `after` and `before`; where these leave a choice, from the order of declaration. What
 * others say of a removed phase still holds: if `configure` is removed, `build` after `configure` and `patch`
 * before `configure` still put `patch` before `build`.
 */
import { CleaveError, nearest, quote } from "../base/index.ts";
import { type Phase, type Phases, phaseName } from "./phase.ts";

/** A phase beside the trunk. */
export type Branch<Input = unknown, Script = unknown> = {
  readonly phase: Phase<Input, Script>;
  /** Index of the trunk phase after which it starts. */
  readonly start: number;
};

export type Plan<Input = unknown, Script = unknown> = {
  /** At least one phase, in the order in which they run. */
  readonly trunk: readonly Phase<Input, Script>[];
  /** By their start, then in order. */
  readonly branches: readonly Branch<Input, Script>[];
};

/**
 * Put phases in order. Throws `phase-bad-name`, `phase-unknown`, `phase-cycle`, `phase-branch`, `phase-reads`
 * and `phase-none`.
 */
export function makePlan<Input, Script>(phases: Phases<Input, Script>): Plan<Input, Script> {
  const names = Object.keys(phases);
  for (const name of names)
    if (!phaseName.test(name))
      throw new CleaveError({
        code: "phase-bad-name",
        message: `${quote(name)} cannot be the name of a phase`,
        hint: "a name begins with a letter and goes on with letters, digits, - and _",
      });
  const order = sortPhases(phases, edges(phases));
  const trunk: Phase<Input, Script>[] = [];
  const indices = new Map<string, number>();
  const beside: Phase<Input, Script>[] = [];
  for (const name of order) {
    const body = phases[name];
    if (body === null || body === undefined) continue;
    const phase = { ...body, name };
    if (phase.branch) beside.push(phase);
    else {
      indices.set(name, trunk.length);
      trunk.push(phase);
    }
  }
  if (trunk.length === 0)
    throw new CleaveError({
      code: "phase-none",
      message:
        names.length === 0
          ? "there are no phases"
          : "there is no phase that hands its tree on: all are removed or branches",
      hint: "a package has at least one phase that is neither null nor a branch",
    });
  const branches = beside.map((phase) => ({ phase, start: startOf(phase, phases, indices) }));
  branches.sort((a, b) => a.start - b.start);
  for (const [index, phase] of trunk.entries()) checkReads(phase, index, phases, indices);
  for (const { phase, start } of branches) checkReads(phase, start + 1, phases, indices);
  return { trunk, branches };
}

/** For each phase the names of those that it follows. */
function edges(phases: Phases): Map<string, Set<string>> {
  const follows = new Map(Object.keys(phases).map((name) => [name, new Set<string>()]));
  for (const [name, phase] of Object.entries(phases)) {
    if (phase === null) continue;
    for (const side of ["after", "before"] as const)
      for (const other of phase[side]) {
        if (!follows.has(other)) throw unknownPhase(name, side, other, phases);
        const [earlier, later] = side === "after" ? [other, name] : [name, other];
        const follower = phases[later];
        if (phases[earlier]?.branch === true && follower !== null && follower?.branch === false)
          throw new CleaveError({
            code: "phase-branch",
            message: `the phase ${later} cannot follow ${earlier}, which is a branch and hands no tree on (${name} says so with ${side})`,
            hint: `let ${later} follow the phase that ${earlier} starts from, or take branch: true from ${earlier}`,
          });
        follows.get(later)?.add(earlier);
      }
  }
  return follows;
}

/** Order names so that each stands after those that it follows, and else as declared (Kahn's algorithm). */
function sortPhases(phases: Phases, follows: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const waiting = new Set(Object.keys(phases));
  while (waiting.size > 0) {
    let next: string | undefined;
    for (const name of waiting)
      if ([...(follows.get(name) ?? [])].every((earlier) => done.has(earlier))) {
        next = name;
        break;
      }
    if (next === undefined) throw cycle(waiting, follows);
    waiting.delete(next);
    done.add(next);
    order.push(next);
  }
  return order;
}

/** Find the trunk phase after which a branch starts: the last of those that it follows. */
function startOf(phase: Phase, phases: Phases, indices: ReadonlyMap<string, number>): number {
  // Another branch hands no tree on, so what follows it starts where it started.
  const latest = (names: readonly string[]): number =>
    Math.max(-1, ...names.map((name) => indices.get(name) ?? latest(phases[name]?.after ?? [])));
  const start = latest(phase.after);
  if (start < 0)
    throw new CleaveError({
      code: "phase-branch",
      message: `the phase ${phase.name} is a branch, but follows no phase whose state it could start from`,
      hint: `name one in its after, such as after: ["build"]`,
    });
  return start;
}

/** Check that each result which a phase reads is there when it runs: `end` trunk phases come before it. */
function checkReads(phase: Phase, end: number, phases: Phases, indices: ReadonlyMap<string, number>): void {
  for (const name of phase.reads) {
    if (!Object.hasOwn(phases, name)) throw unknownPhase(phase.name, "reads", name, phases);
    const index = indices.get(name);
    const why =
      phases[name] === null
        ? "which is removed"
        : index === undefined
          ? "which is a branch"
          : index >= end
            ? "which does not run before it"
            : phases[name]?.result === null
              ? "which reports none"
              : undefined;
    if (why !== undefined)
      throw new CleaveError({
        code: "phase-reads",
        message: `the phase ${phase.name} reads the result of ${name}, ${why}`,
        hint: "a phase reads results of phases of the trunk that run before it and have a result schema",
      });
  }
}

function unknownPhase(name: string, side: string, other: string, phases: Phases): CleaveError {
  const near = nearest(other, Object.keys(phases));
  return new CleaveError({
    code: "phase-unknown",
    message: `the phase ${name} names ${quote(other)} in ${side}, and there is no such phase`,
    hint:
      near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are ${Object.keys(phases).join(", ")}`,
  });
}

function cycle(waiting: ReadonlySet<string>, follows: ReadonlyMap<string, ReadonlySet<string>>): CleaveError {
  // Every waiting phase follows another that waits, so walking on comes around.
  const chain: string[] = [];
  let [name = ""] = waiting;
  while (!chain.includes(name)) {
    chain.push(name);
    name = [...(follows.get(name) ?? [])].find((earlier) => waiting.has(earlier)) ?? "";
  }
  const ring = [...chain.slice(chain.indexOf(name)), name];
  return new CleaveError({
    code: "phase-cycle",
    message: `phases follow each other in a circle: ${ring.join(" follows ")}`,
    hint: "take one of these after or before away",
  });
}
