/** The phase as its script sees it: what `phase.json` says, and what a build has to do with commands and files. */
import { decodeText } from "cleave:native";
import type { PhaseFile } from "cleave/phases";
import { type CommandOptions, log, makeExec, type Outcome } from "./commands.ts";
import { type EditOptions, patchShebangs, substitute } from "./edit.ts";
import { listNames, PhaseFailure } from "./failure.ts";
import * as files from "./files.ts";
import { nearestNames } from "./nearest.ts";
import { findProgram, programFolders, requireProgram } from "./tools.ts";

/** A command of `execAll`: its arguments, or these with options of its own. */
export type Command =
  | readonly string[]
  | { readonly argv: readonly string[]; readonly options: CommandOptions };

/** What a script is handed. Paths are relative to the work directory, or absolute. */
export type Phase<Data> = typeof files & {
  /** The name of the phase. */
  readonly name: string;
  /** Its place in the plan. */
  readonly index: number;
  readonly package: PhaseFile["package"];
  readonly platforms: PhaseFile["platforms"];
  /** How many processes may run beside each other. */
  readonly cores: number;
  readonly workDirectory: string;
  /** A folder that is emptied after the phase. */
  readonly temporaryDirectory: string;
  /** Where the outputs are, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The store paths of what runs while the package is built, by name. */
  readonly tools: Readonly<Record<string, readonly string[]>>;
  /** The store paths of what it is built against, by name. */
  readonly libraries: Readonly<Record<string, readonly string[]>>;
  /** What the recipe hands to the phase. */
  readonly data: Data;
  /** What earlier phases reported, of those that this one reads. */
  readonly results: Readonly<Record<string, unknown>>;

  /** The path of an output, `out` by default. Fails with the nearest names where there is no such output. */
  output(name?: string): string;
  /** The path of a program of the tools. Fails with the nearest names where none has it. */
  tool(name: string): string;
  /** The path of a program of the tools, if one has it. */
  findTool(name: string): string | undefined;
  /** The path of a program of the libraries: what may be run on the host platform. */
  findHostProgram(name: string): string | undefined;
  /** The text of `PATH`: the folders with programs of the tools. */
  path(): string;

  /** Run a command. Fails with the command and how it ended, unless `check` allows that. */
  exec(argv: readonly string[], options?: CommandOptions): Promise<Outcome>;
  /** Run commands beside each other, as many as there are cores. Gives how they ended, in their order; the first that fails fails all. */
  execAll(commands: readonly Command[], options?: CommandOptions): Promise<Outcome[]>;

  /** Replace texts in files. Fails where one is not found. Modes stay, times if asked for. */
  substitute(
    files: string | readonly string[],
    replacements: Readonly<Record<string, string>>,
    options?: EditOptions,
  ): void;
  /** Have scripts name programs by their paths: `find` says which, the tools by default. Gives the names that it did not know. */
  patchShebangs(files: readonly string[], find?: (program: string) => string | undefined): string[];

  /** Write a line to the log. */
  log(...words: readonly unknown[]): void;
  /** End the phase with a message for who reads the log. */
  fail(message: string, hint?: string): never;
};

/** Make the phase of what `phase.json` says. */
export function makePhase<Data>(file: PhaseFile): Phase<Data> {
  const { tools, libraries } = file.inputs;
  const tool = (name: string) => requireProgram(name, file.phase.name, tools);
  const findTool = (name: string) => findProgram(name, tools);
  const exec = makeExec({
    phase: file.phase.name,
    cores: file.cores,
    temporaryDirectory: file.temporaryDirectory,
    tool,
    decode: decodeText,
  });
  return {
    ...files,
    name: file.phase.name,
    index: file.phase.index,
    package: file.package,
    platforms: file.platforms,
    cores: file.cores,
    workDirectory: file.workDirectory,
    temporaryDirectory: file.temporaryDirectory,
    outputs: file.outputs,
    tools,
    libraries,
    data: file.data as Data,
    results: file.results,
    output(name = "out") {
      const path = file.outputs[name];
      if (path !== undefined) return path;
      const names = Object.keys(file.outputs);
      const near = nearestNames(name, names);
      throw new PhaseFailure(
        `the package has no output ${name}; its outputs are: ${listNames(names)}`,
        near.length > 0 ? `did you mean ${near.join(" or ")}?` : undefined,
      );
    },
    tool,
    findTool,
    findHostProgram: (name) => findProgram(name, libraries),
    path: () => programFolders(tools).join(":"),
    exec,
    execAll: (commands, options = {}) =>
      Promise.all(
        commands.map((command) =>
          "argv" in command ? exec(command.argv, { ...options, ...command.options }) : exec(command, options),
        ),
      ),
    substitute,
    patchShebangs: (paths, find = findTool) => patchShebangs(paths, find),
    log: (...words) =>
      log(words.map((word) => (typeof word === "string" ? word : JSON.stringify(word))).join(" ")),
    fail(message, hint) {
      throw new PhaseFailure(message, hint);
    },
  };
}
