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

/** How wide help is where nothing narrower asks for it, in columns. */
const helpWidth = 96;

/** Write the help page of a command, in lines of at most so many columns. */
export function describeCommand(name: string, command: Command, width = helpWidth): string {
  const rows = Object.entries(command.options).map(([option, { short, value, summary }]) => [
    `  ${short === undefined ? "    " : `-${short}, `}--${option}${value === undefined ? "" : ` ${value}`}`,
    summary,
  ]);
  // On a narrow terminal, what options do goes below them.
  const left = Math.min(Math.max(0, ...rows.map(([each]) => each?.length ?? 0)) + 2, Math.floor(width / 2));
  const parts = [wrap(command.summary, width), usageOf(name, command, width)];
  if (command.details !== undefined)
    parts.push(
      ...command.details
        .trim()
        .split("\n\n")
        .map((each) => wrap(each, width)),
    );
  if (rows.length > 0)
    parts.push(
      ["options:", ...rows.map(([each = "", summary = ""]) => beside(each, summary, left, width))].join("\n"),
    );
  return `${parts.join("\n\n")}\n`;
}

/** Write the usage, broken between options. */
function usageOf(name: string, { usage }: Command, width: number): string {
  const words = usage.match(/\[[^\]]*\](?:\.\.\.)?|\S+/g) ?? [];
  const indent = " ".repeat("usage: ".length);
  const parts = words.flatMap((word) => (word.length > width - indent.length ? word.split(" ") : [word]));
  return fill(["usage:", "cleave", ...name.split(" "), ...parts], width, indent);
}

/** Write a text beside another one, or below it where that takes more than its share. */
function beside(text: string, summary: string, left: number, width: number): string {
  const indent = " ".repeat(left);
  const lines = fill(summary.split(" "), width - left).split("\n");
  const head = text.length + 2 <= left ? [text.padEnd(left) + lines.shift()] : [text];
  return [...head, ...lines.map((line) => indent + line)].join("\n");
}

/** Break a paragraph into lines; one that is indented is an example, and stays. */
function wrap(paragraph: string, width: number): string {
  return paragraph.startsWith(" ") ? paragraph : fill(paragraph.split(/\s+/), width);
}

/** Fill lines with words; all lines but the first are indented. */
function fill(words: readonly string[], width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

function count(positionals: number): string {
  return positionals === 1 ? "1 argument" : `${positionals} arguments`;
}
