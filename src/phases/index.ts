/**
 * phases: the phase, the plan, the partition, and the JSON contract with a phase's script. Pure: it knows neither
 * packages nor stores. Imports only base.
 *
 * What has schemas is not exported here: whoever needs `contract.ts` or `result.ts` names the file, as loading typebox
 * takes 200 ms.
 */
export type { PhaseFile } from "./contract.ts";
export {
  allPartitions,
  cutTrunk,
  describePartition,
  type Group,
  type Partition,
  parsePartition,
} from "./partition.ts";
export { type Phase, type Phases, phaseName, type Schema } from "./phase.ts";
export { type Branch, makePlan, type Plan } from "./plan.ts";
