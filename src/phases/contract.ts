/**
 * The contract between cleave and a phase's script, version 1.
 *
 * The interpreter is started as `<program> <args...> <script> <path of phase.json>`, in the work directory, with
 * an empty environment and standard input from `/dev/null`. `phase.json` is all that the script is told;
 * `result.json` beside it is all that it tells, besides the work tree and the outputs. Exit code 0 is success.
 * One schema here gives the TypeScript type, the JSON Schema for documentation, and what is checked.
 */
import { type Static, Type } from "typebox";

/** The version that `phase.json` carries. It changes when a script that reads the old form could go wrong. */
export const contractVersion = 1;

const Paths = Type.Record(Type.String(), Type.Array(Type.String()), {
  description: "store paths by the name of the input",
});

const Platform = Type.Object(
  {
    cpu: Type.String({ description: "such as x86_64 or aarch64" }),
    kernel: Type.String({ description: "such as linux" }),
    abi: Type.String({ description: "such as musl or gnu" }),
  },
  { additionalProperties: false },
);

/** The schema of `phase.json`. */
export const PhaseFile = Type.Object(
  {
    contract: Type.Literal(contractVersion),
    package: Type.Object({ name: Type.String(), version: Type.String() }, { additionalProperties: false }),
    phase: Type.Object(
      { name: Type.String(), index: Type.Integer({ minimum: 0, description: "its place in the plan" }) },
      { additionalProperties: false },
    ),
    platforms: Type.Object(
      { build: Platform, host: Platform, target: Platform },
      { additionalProperties: false },
    ),
    cores: Type.Integer({
      minimum: 1,
      description: "how many processes may run beside each other; known only at run time, part of no hash",
    }),
    workDirectory: Type.String({ description: "absolute path of the work tree" }),
    temporaryDirectory: Type.String({
      description: "absolute path of a folder that is emptied after the phase",
    }),
    outputs: Type.Record(Type.String(), Type.String(), { description: "absolute path by output name" }),
    inputs: Type.Object({ tools: Paths, libraries: Paths }, { additionalProperties: false }),
    data: Type.Unknown({ description: "what the recipe hands the phase" }),
    results: Type.Record(Type.String(), Type.Unknown(), {
      description: "what earlier phases reported, for those that the phase reads",
    }),
  },
  { additionalProperties: false, $id: `cleave:contract/${contractVersion}/phase.json` },
);

/** What `phase.json` holds. */
export type PhaseFile = Static<typeof PhaseFile>;
