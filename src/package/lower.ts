/**
 * Lowering: a package and a partition become derivations (`docs/lowering.md`).
 *
 * The canonical derivation has the whole trunk in one group. Of a partition every group but the last saves a state, from
 * which the next one starts; the last one seals, and its derivation is the canonical one where there is no other group.
 */
import { CleaveError, type Json, nearest, quote } from "../base/index.ts";
import { type MadeDerivation, makeDerivation, type StorePath } from "../nix/index.ts";
import { cutTrunk, makePlan, type Partition, type Phase, type Phases, type Plan } from "../phases/index.ts";
import { graph } from "./graph.ts";
import { Inputs } from "./inputs.ts";
import type { PackageContext } from "./interface.ts";
import { type LoweredPhase, lowerPhase } from "./lower-phase.ts";
import { outputPaths } from "./output-paths.ts";
import type { PackageConfig } from "./package.ts";
import { nixSystem } from "./platform.ts";
import type { StoreFile } from "./store-object.ts";

export type PackagePhase = Phase<string, StoreFile>;
export type PackagePlan = Plan<string, StoreFile>;

/** The derivation of some phases, by name. */
export type LoweredGroup = { readonly made: MadeDerivation; readonly phases: readonly string[] };

/** A phase beside the trunk, as a derivation of its own. */
export type LoweredBranch = {
  readonly name: string;
  /** The trunk phase after which it starts. */
  readonly start: string;
  /** Starts from the state of this partition, if that has a cut there. */
  readonly made: MadeDerivation;
  /** Starts from a state that is made in one group: what the branch is called, whatever the partition. */
  readonly canonical: MadeDerivation;
  /** The group that makes the state of `canonical`. */
  readonly prefix: MadeDerivation;
};

export type Lowered = {
  readonly canonical: MadeDerivation;
  /** In order; the last one makes the outputs. */
  readonly groups: readonly LoweredGroup[];
  readonly branches: readonly LoweredBranch[];
  /** All that any of the derivations needs. */
  readonly inputs: Inputs;
};

/** The one version that the runner knows of the attribute `cleave`. */
const version = 1;

/** Put the phases of a package in order. Throws `package-interpreter`, and what planning throws. */
export function planOf(config: PackageConfig, attribute: string): PackagePlan {
  const phases: Record<string, Omit<PackagePhase, "name"> | null> = {};
  for (const [name, phase] of Object.entries(config.phases)) {
    // Before the script is asked for, which may depend on it.
    if (phase !== null) checkInterpreter(phase.interpreter ?? config.interpreter, config, name, attribute);
    phases[name] =
      phase === null
        ? null
        : {
            interpreter: phase.interpreter ?? interpreterFor(phase.script, config),
            script: phase.script,
            data: phase.data as Json,
            result: phase.result,
            reads: phase.reads,
            tools: present(phase.tools),
            libraries: present(phase.libraries),
            after: phase.after,
            before: phase.before,
            branch: phase.branch,
          };
  }
  return makePlan(phases as Phases<string, StoreFile>);
}

function checkInterpreter(
  interpreter: string,
  { interpreters }: PackageConfig,
  phase: string,
  attribute: string,
): void {
  if (Object.hasOwn(interpreters, interpreter)) return;
  const names = Object.keys(interpreters);
  const near = nearest(interpreter, names);
  throw new CleaveError({
    code: "package-interpreter",
    message: `the phase ${phase} of ${attribute} is run by ${quote(interpreter)}, and there is no such interpreter`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : names.length > 0
          ? `there are ${names.join(", ")}; a module of stdenv brings each`
          : "use a module that brings one, such as quickjs of cleave/stdenv",
  });
}

/** Name what runs a script that names no interpreter: the package's, unless its name ends as those of others' scripts do. */
function interpreterFor({ name }: StoreFile, { interpreter, interpreters }: PackageConfig): string {
  const fitting = Object.keys(interpreters).filter((each) =>
    interpreters[each]?.endings.some((ending) => name.endsWith(ending)),
  );
  return fitting.includes(interpreter) ? interpreter : (fitting[0] ?? interpreter);
}

function present(attributes: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

export type Lowering = {
  readonly plan: PackagePlan;
  readonly lower: (partition: Partition) => Lowered;
  /** Make the derivation whose output is the work tree as a phase of the trunk leaves it. */
  readonly tree: (phase: string) => { readonly made: MadeDerivation; readonly inputs: Inputs };
};

/** Prepare the lowering of a package. Throws what planning throws; each partition is lowered when it is asked for. */
export function makeLowering(config: PackageConfig, context: PackageContext): Lowering {
  const plan = planOf(config, context.attribute);
  const { name, version: packageVersion, outputs, placeholders } = config;
  const { build, host, target } = config.platforms;
  const platforms = { build, host, target: config.forTarget ? target : host };
  const fullName = `${name}-${packageVersion}`;
  const runnerInputs = new Inputs();
  const [runnerPath = ""] = runnerInputs.addPackage(context.resolve(config.runner.tool, "tools"));
  const runnerScript = runnerInputs.addObject(config.runner.script);
  const lowerOne = (phase: PackagePhase, index: number): LoweredPhase =>
    lowerPhase({ phase, index, config, context, placeholders: Object.values(placeholders) });
  const trunk = plan.trunk.map(lowerOne);

  const make = (group: {
    readonly name: string;
    readonly outputs: readonly string[];
    readonly phases: readonly LoweredPhase[];
    readonly before: readonly LoweredPhase[];
    readonly first: number;
    readonly state: MadeDerivation | undefined;
    readonly end: "seal" | "state" | "branch" | "tree";
  }): { readonly made: MadeDerivation; readonly inputs: Inputs } => {
    const inputs = new Inputs();
    inputs.addAll(runnerInputs);
    for (const each of [...group.before, ...group.phases]) inputs.addAll(each.inputs);
    const start = group.state === undefined ? null : stateOf(group.state);
    if (group.state !== undefined) inputs.addOutput(group.state.path, "out");
    const attributes: Record<string, Json> = {
      cleave: {
        version,
        package: { name, version: packageVersion },
        platforms,
        placeholders,
        start,
        first: group.first,
        end: group.end,
        phases: group.phases.map(({ json }) => json),
      },
    };
    if (start !== null && group.end === "seal")
      attributes["outputChecks"] = Object.fromEntries(
        outputs.map((output) => [output, { disallowedReferences: [start] }]),
      );
    const made = makeDerivation(
      {
        name: group.name,
        platform: nixSystem(platforms.build),
        builder: `${runnerPath}/${config.runner.program}`,
        args: [runnerScript],
        structuredAttrs: attributes,
        outputs: group.outputs,
        inputDrvs: inputs.inputDrvs,
        inputSrcs: inputs.inputSrcs,
      },
      graph,
    );
    return { made, inputs };
  };

  const saving = (first: number, last: number, state: MadeDerivation | undefined) =>
    make({
      name: `${fullName}-state-${plan.trunk[last]?.name}`,
      outputs: ["out"],
      phases: trunk.slice(first, last + 1),
      before: trunk.slice(0, first),
      first,
      state,
      end: "state",
    }).made;
  const sealing = (first: number, state: MadeDerivation | undefined) =>
    make({
      name: fullName,
      outputs,
      phases: trunk.slice(first),
      before: trunk.slice(0, first),
      first,
      state,
      end: "seal",
    });
  const all = new Inputs();
  const canonical = sealing(0, undefined);
  all.addAll(canonical.inputs);
  const prefixes = new Map<number, MadeDerivation>();
  const prefixOf = (last: number): MadeDerivation => {
    let prefix = prefixes.get(last);
    if (prefix === undefined) {
      prefix = saving(0, last, undefined);
      prefixes.set(last, prefix);
    }
    return prefix;
  };
  const branchPhases = new Map<PackagePhase, LoweredPhase>();
  for (const { phase, start } of plan.branches) {
    const lowered = lowerOne(phase, start + 1);
    branchPhases.set(phase, lowered);
    all.addAll(lowered.inputs);
  }
  const branch = (phase: PackagePhase, start: number, state: MadeDerivation): MadeDerivation => {
    const lowered = branchPhases.get(phase);
    if (lowered === undefined) throw new Error(`the branch ${phase.name} is of another plan`);
    return make({
      name: `${fullName}-${phase.name}`,
      outputs: ["out"],
      phases: [lowered],
      before: trunk.slice(0, start + 1),
      first: start + 1,
      state,
      end: "branch",
    }).made;
  };

  const lower = (partition: Partition): Lowered => {
    const cut = cutTrunk(plan, partition);
    const groups: LoweredGroup[] = [];
    const states = new Map<number, MadeDerivation>();
    let state: MadeDerivation | undefined;
    for (const { first, last, phases } of cut) {
      const names = phases.map((phase) => phase.name);
      if (last < trunk.length - 1) {
        state = first === 0 ? prefixOf(last) : saving(first, last, state);
        states.set(last, state);
        groups.push({ made: state, phases: names });
      } else groups.push({ made: first === 0 ? canonical.made : sealing(first, state).made, phases: names });
    }
    const branches = plan.branches.map(({ phase, start }): LoweredBranch => {
      const prefix = prefixOf(start);
      const own = branch(phase, start, prefix);
      const other = states.get(start);
      return {
        name: phase.name,
        start: plan.trunk[start]?.name ?? "",
        made: other === undefined || other.path === prefix.path ? own : branch(phase, start, other),
        canonical: own,
        prefix,
      };
    });
    return { canonical: canonical.made, groups, branches, inputs: all };
  };
  const tree = (name: string) => {
    const last = plan.trunk.findIndex((phase) => phase.name === name);
    if (last < 0) throw new Error(`${name} is no phase of the trunk`);
    return make({
      name: `${fullName}-source`,
      outputs: ["out"],
      phases: trunk.slice(0, last + 1),
      before: [],
      first: 0,
      state: undefined,
      end: "tree",
    });
  };
  return { plan, lower, tree };
}

function stateOf(made: MadeDerivation): StorePath {
  const { out } = outputPaths(made);
  if (out === undefined) throw new Error(`${made.path} saves no state`);
  return out;
}
