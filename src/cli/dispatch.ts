/**
 * The command line: finds the command, runs it, shows errors, sets the exit code (0 done, 1 failed, 2 wrong
 * usage, 100 a build failed, 104 it came out otherwise than before, 130 interrupted, 141 the reader of standard output went
 * away).
 */
import { fstatSync } from "node:fs";
import { CleaveError, describeError, type ErrorCode, fileError, nearest, quote } from "../base/index.ts";
import { readArgv, readWorkingFolder } from "./argv.ts";
import { describeCommand, type Io, readArguments } from "./command.ts";
import { commands } from "./commands.ts";
import { jsonReporter, plainReporter, terminalReporter } from "./reporter.ts";
import { flushError, writeError } from "./standard-error.ts";
import { version } from "./version.ts";

// On a pipe, Node's own stream would keep what cannot be written yet in memory.
let reporter =
  onTerminal() && process.env["TERM"] !== "dumb"
    ? terminalReporter({
        write: writeError,
        // Some terminals say that they are 0 wide.
        columns: () => process.stderr.columns || 80,
        rows: () => process.stderr.rows || 24,
        now: () => performance.now(),
        every: (milliseconds, action) => {
          const timer = setInterval(action, milliseconds);
          return () => clearInterval(timer);
        },
      })
    : plainReporter(writeError);

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(141);
  reporter.clear();
  const shown = fileError(error, "write the results", "standard output");
  if (!(shown instanceof CleaveError)) throw error;
  writeError(describeError(shown));
  process.exit(1);
});

const io: Io = {
  get cwd() {
    return readWorkingFolder();
  },
  env: process.env,
  get stdin() {
    return process.stdin;
  },
  write: (chunk) =>
    new Promise((resolve, reject) => {
      reporter.clear();
      flushError();
      process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
    }),
  emit: (event) => reporter.report(event),
  complain: (error) => reporter.complain(error),
  reportJson: () => {
    reporter.clear();
    reporter = jsonReporter(writeError);
  },
};

/** Say whether standard error is a terminal. Node's own answer loads what it needs for one: 3 ms. */
function onTerminal(): boolean {
  return fstatSync(2).isCharacterDevice() && process.stderr.isTTY;
}

/** Run the command that the arguments of this process name; settles with the exit code. */
export async function main(): Promise<number> {
  try {
    const code = await dispatch(readArgv());
    reporter.clear();
    return code;
  } catch (error) {
    reporter.clear();
    if (!(error instanceof CleaveError)) throw error;
    io.complain(error);
    return error.code.startsWith("cli-") || usageCodes.has(error.code) ? 2 : 1;
  }
}

/** Codes of other rooms for what only arguments can have wrong. */
const usageCodes: ReadonlySet<ErrorCode> = new Set(["partition-unreadable", "setting-malformed"]);

async function dispatch(args: readonly string[]): Promise<number> {
  const [first, second] = args;
  // help COMMAND is COMMAND --help.
  if (first === "help" && second !== undefined) return await dispatch([...args.slice(1), "--help"]);
  if (first === undefined || first === "--help" || first === "-h" || first === "help")
    return await help(describeAll(), first !== undefined);
  if (first === "--version") {
    await io.write(version());
    return 0;
  }
  const twoWords = `${first} ${second}`;
  const name = Object.hasOwn(commands, twoWords) ? twoWords : first;
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const rest = args.slice(name === twoWords ? 2 : 1);
  if (entry === undefined) return await group(first, second);
  const command = await entry.load();
  const end = rest.indexOf("--");
  const own = end < 0 ? rest : rest.slice(0, end);
  if (own.includes("--help") || own.includes("-h")) {
    const { columns } = process.stdout;
    await io.write(
      describeCommand(name, command, columns > 0 ? Math.min(Math.max(columns, 40), 96) : undefined),
    );
    return 0;
  }
  return await command.run(readArguments(name, command, rest), io);
}

/** Answer a first word that is no command by itself: the start of several, or a mistake. */
async function group(first: string, second: string | undefined): Promise<number> {
  const members = Object.keys(commands).filter((name) => name.startsWith(`${first} `));
  if (members.length > 0 && (second === undefined || second === "--help" || second === "-h")) {
    return await help(describeList(members), second !== undefined);
  }
  // In a group the second word is the mistake; else the first is, and the second may belong to it.
  const near =
    members.length > 0
      ? nearest(
          second ?? "",
          members.map((name) => name.slice(first.length + 1)),
        ).map((each) => `${first} ${each}`)
      : second === undefined
        ? nearest(first, namesAndGroups())
        : [...new Set([`${first} ${second}`, first].flatMap((each) => nearest(each, Object.keys(commands))))];
  throw new CleaveError({
    code: "cli-unknown-command",
    message: `there is no command ${quote(members.length > 0 ? `${first} ${second}` : first)}`,
    hint:
      near.length > 0
        ? `did you mean ${near.map((each) => `cleave ${each}`).join(" or ")}?`
        : members.length > 0
          ? `there are ${members.map((each) => `cleave ${each}`).join(", ")}`
          : first === "version"
            ? "cleave --version tells the version"
            : "cleave --help lists the commands",
  });
}

/** List what a first word or two may be: commands, and the words that several start with. */
function namesAndGroups(): string[] {
  const names = Object.keys(commands);
  return [...new Set(names.flatMap((name) => [name, name.replace(/ .*/, "")]))];
}

/** Print help: a result where it was asked for, else what is wrong with a command line that lacks a command. */
async function help(text: string, wanted: boolean): Promise<number> {
  if (wanted) await io.write(text);
  else writeError(text);
  return wanted ? 0 : 2;
}

function describeAll(): string {
  return [
    "cleave builds packages: typed modules in, Nix derivations out, phases split apart or joined.",
    `usage: cleave COMMAND [ARGUMENT...]`,
    `commands:\n${describeList(Object.keys(commands))}`.trimEnd(),
    "cleave COMMAND --help says more of a command, cleave --version which cleave this is.\n",
  ].join("\n\n");
}

function describeList(names: readonly string[]): string {
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary}\n`).join("");
}
