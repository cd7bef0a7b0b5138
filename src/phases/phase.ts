/**
 * A phase: one named step of a build, as a value.
 *
 * This room knows neither packages nor stores: what a tool or a library is, and what a script is, is up to
 * whoever makes the phases, so they are type parameters.
 */
import type { Json } from "../base/index.ts";

/** A JSON Schema, as `typebox` makes them. */
export type Schema = Readonly<Record<string, unknown>>;

export type Phase<Input = unknown, Script = unknown> = {
  readonly name: string;
  /** The name of the interpreter that runs the script. */
  readonly interpreter: string;
  readonly script: Script;
  /** What the script reads as `data`. */
  readonly data: Json;
  /** The schema of what the phase reports in `result.json`; `null` where it reports nothing. */
  readonly result: Schema | null;
  /** Names of earlier phases whose results this one reads. */
  readonly reads: readonly string[];
  /** Programs for the build platform, by name. */
  readonly tools: Readonly<Record<string, Input>>;
  /** What is for the host platform, by name. */
  readonly libraries: Readonly<Record<string, Input>>;
  /** Names of phases that this one follows. */
  readonly after: readonly string[];
  /** Names of phases that follow this one. */
  readonly before: readonly string[];
  /** Whether it starts from a state of the trunk and hands no tree on. */
  readonly branch: boolean;
};

/** Phases by name, in the order of their declaration. `null` stands for one that was removed. */
export type Phases<Input = unknown, Script = unknown> = Readonly<
  Record<string, Omit<Phase<Input, Script>, "name"> | null>
>;

/** What the name of a phase may be: it becomes part of the names of derivations and logs. */
export const phaseName: RegExp = /^[a-zA-Z][a-zA-Z0-9_-]*$/;
