/**
 * build: realises derivations in sandboxes and registers what they make.
 * Imports base, nix, store, sandbox, fetch.
 */
export type { BuildOptions } from "./build-derivation.ts";
export type { Rendering, Wanted } from "./build-graph.ts";
export { readPhase } from "./build-log.ts";
export { hasPassed, recordPassed } from "./passed.ts";
export { planBuilds, type RealiseContext, realise } from "./realise.ts";
export { readPhases, recordPhases } from "./renderings.ts";
export { keepStates } from "./state-roots.ts";
