import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { CleaveError, type Emit, nearest, quote } from "../base/index.ts";

/** What a command has of the world. Texts are byte strings (`src/base/text.ts`). */
export type Io = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  /** Write a result to standard output; settles when the next may follow. */
  readonly write: (chunk: string | Uint8Array) => Promise<void>;
  /** Take what is to be told on standard error. */
  readonly emit: Emit;
  /** Show an error on standard error, and go on. */
  readonly complain: (error: CleaveError) => void;
  /** From now on write what is told on standard error as a line of JSON per event. */
  readonly reportJson: () => void;
};

/** An option, as `parseArgs` takes it, with what `--help` says. */
export type Option = {
  readonly type: "boolean" | "string";
  readonly short?: string;
  readonly multiple?: boolean;
  /** How the value is called in help, for options with one. */
  readonly value?: string;
  readonly summary: string;
};

export type Arguments = {
  readonly positionals: readonly string[];
  readonly flag: (name: string) => boolean;
  readonly value: (name: string) => string | undefined;
  readonly values: (name: string) => readonly string[];
};

export type Command = {
  /** What follows the name in the usage line, such as `[--json] PATH...`. */
  readonly usage: string;
  readonly summary: string;
  /** Paragraphs for `--help`, after the summary. */
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Least and most number of positional arguments. */
  readonly arity: readonly [least: number, most: number];
  /** Do it; settles with the exit code. */
  readonly run: (args: Arguments, io: Io) => Promise<number>;
};

/** Read arguments by the command's options. Throws `cli-usage`. */
export function readArguments(name: string, command: Command, args: readonly string[]): Arguments {
  const options: ParseArgsOptionsConfig = {};
  for (const [option, { type, short, multiple }] of Object.entries(command.options))
    options[option] = {
      type,
      ...(short === undefined ? {} : { short }),
      ...(multiple === undefined ? {} : { multiple }),
    };
  const usage = (message: string, hint = `usage: cleave ${name} ${command.usage}`.trimEnd()) =>
    new CleaveError({ code: "cli-usage", message, hint });
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError && "code" in error)) throw error;
    // The text of parseArgs has the option in quotes, as '-j, --jobs <value>', and goes on with advice of its own.
    const [, option = ""] = /'((?:[^'\\]|\\.)*)'/.exec(error.message) ?? [];
    if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION")
      throw usage(`cleave ${name} has no option ${quote(option)}`, hintFor(option, name, command));
    const [, long = option] = /(--[\w-]+)/.exec(option) ?? [];
    const value = command.options[long.replace(/^-+/, "")]?.value;
    if (value === undefined) throw usage(`the option ${quote(long)} takes no value`);
    throw usage(
      `the option ${quote(long)} lacks its value`,
      error.message.includes("ambiguous")
        ? `a value that starts with - is written behind =, as in ${long}=-…`
        : `write ${long} ${value}`,
    );
  }
  const { positionals, values } = parsed;
  const [least, most] = command.arity;
  if (positionals.length < least)
    throw usage(
      `cleave ${name} takes ${least === most ? "" : "at least "}${count(least)}, not ${positionals.length}`,
    );
  if (positionals.length > most)
    throw usage(
      `cleave ${name} takes ${least === most ? "" : "at most "}${count(most)}, not ${positionals.length}: ${positionals.map(quote).join(" ")}`,
    );
  return {
    positionals,
    flag: (option) => values[option] === true,
    value: (option) => {
      const value = values[option];
      return typeof value === "string" ? value : undefined;
    },
    values: (option) => {
      const value = values[option];
      return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
    },
  };
}

/** Say what may have been meant by an option that a command does not have; nothing where nobody can tell. */
function hintFor(option: string, name: string, { options, usage }: Command): string | undefined {
  const near = nearest(option.replace(/^-+/, ""), Object.keys(options));
  if (near.length > 0) return `did you mean ${near.map((each) => `--${each}`).join(" or ")}?`;
  return usage.includes("-- ARGUMENT")
    ? `what the program takes goes after --: cleave ${name} ATTR -- ${option}`
    : undefined;
}

/** Write the help page of a command. */
export function describeCommand(name: string, command: Command): string {
  const rows = Object.entries(command.options).map(([option, { short, value, summary }]) => [
    `${short === undefined ? "    " : `-${short}, `}--${option}${value === undefined ? "" : ` ${value}`}`,
    summary,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left?.length ?? 0));
  const parts = [wrap(command.summary), `usage: cleave ${name} ${command.usage}`.trimEnd()];
  if (command.details !== undefined) parts.push(...command.details.trim().split("\n\n").map(wrap));
  if (rows.length > 0)
    parts.push(["options:", ...rows.map(([left, right]) => `  ${left?.padEnd(width)}  ${right}`)].join("\n"));
  return `${parts.join("\n\n")}\n`;
}

/** Break a paragraph into lines of at most 96 characters; one that is indented is an example, and stays. */
function wrap(paragraph: string): string {
  if (paragraph.startsWith(" ")) return paragraph;
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > 96) {
      lines.push(line);
      line = word;
    } else line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

function count(positionals: number): string {
  return positionals === 1 ? "1 argument" : `${positionals} arguments`;
}
