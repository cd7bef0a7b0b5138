/** The group of phases that a derivation is, as `docs/lowering.md` has it. */
import { decodeText, readFile } from "cleave:native";
import type { PhaseFile } from "cleave/phases";
import { Failure } from "./failure.ts";
import { attributesFile } from "./places.ts";
import type { JsonValue } from "./schema.ts";

export type GroupPhase = {
  readonly name: string;
  readonly index: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly script: string;
  readonly data: JsonValue;
  /** The schema of what it reports; `null` where it reports nothing. */
  readonly result: JsonValue;
  /** The earlier phases whose results it is told. */
  readonly reads: readonly string[];
  readonly tools: Readonly<Record<string, string[]>>;
  readonly libraries: Readonly<Record<string, string[]>>;
};

export type Group = {
  readonly package: PhaseFile["package"];
  readonly platforms: PhaseFile["platforms"];
  /** Where phases see the outputs, by name. */
  readonly placeholders: Readonly<Record<string, string>>;
  /** The state that it starts from. */
  readonly start: string | null;
  /** How many trunk phases ran before. */
  readonly first: number;
  readonly end: "seal" | "state" | "branch" | "tree";
  readonly phases: readonly GroupPhase[];
  /** Where the derivation's own outputs are to be made, by name. */
  readonly outputs: Readonly<Record<string, string>>;
};

/** The one version of the attribute `cleave` that this runner knows. */
const version = 1;

/** Read the group from the structured attributes. */
export function readGroup(): Group {
  let attributes: { readonly cleave?: Group & { readonly version: number }; readonly outputs?: unknown };
  try {
    attributes = JSON.parse(decodeText(readFile(attributesFile)));
  } catch (error) {
    throw new Failure(
      `the structured attributes cannot be read: ${error instanceof Error ? error.message : error}`,
      { hint: "the runner is the builder of derivations that cleave makes of packages" },
    );
  }
  const { cleave: group, outputs } = attributes;
  if (group === undefined || typeof outputs !== "object" || outputs === null)
    throw new Failure("the structured attributes hold no group of phases", {
      hint: "the runner is the builder of derivations that cleave makes of packages",
    });
  if (group.version !== version)
    throw new Failure(
      `the group of phases is of version ${group.version}, and this runner knows ${version}`,
      {
        hint: "let one version of cleave make both",
      },
    );
  return { ...group, outputs: outputs as Record<string, string> };
}

/** Name a package in a message. */
export function packageName({ package: { name, version: packageVersion } }: Group): string {
  return `${name} ${packageVersion}`;
}
