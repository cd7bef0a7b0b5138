/**
 * cleave/phase: the library of phases in TypeScript, run by QuickJS in the sandbox.
 * Imports QuickJS' modules and, of src, types of the contract only.
 */
export type { CommandOptions, Outcome } from "./commands.ts";
export type { EditOptions } from "./edit.ts";
export { PhaseFailure } from "./failure.ts";
export type { Entry, Status } from "./files.ts";
export type { Command, Phase } from "./phase.ts";
export { definePhase, type PhaseScript, runPhase } from "./run.ts";
