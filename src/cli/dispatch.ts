/**
 * The command line: finds the command, runs it, shows errors, sets the exit code (0 done, 1 failed, 2 wrong
 * usage, 100 a build failed, 130 interrupted, 141 the reader of standard output went away).
 */

import { isatty } from "node:tty";
import { CleaveError, describeError, fileError, nearest, quote } from "../base/index.ts";
import { readArgv } from "./argv.ts";
import { describeCommand, type Io, readArguments } from "./command.ts";
import { commands } from "./commands.ts";
import { jsonReporter, plainReporter, terminalReporter } from "./reporter.ts";
import { flushError, writeError } from "./standard-error.ts";

// On a pipe, Node's own stream would keep what cannot be written yet in memory.
let reporter =
  isatty(2) && process.env["TERM"] !== "dumb"
    ? terminalReporter({
        write: writeError,
        columns: () => process.stderr.columns,
        rows: () => process.stderr.rows,
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
  cwd: process.cwd(),
  env: process.env,
  stdin: process.stdin,
  write: (chunk) =>
    new Promise((resolve, reject) => {
      reporter.clear();
      flushError();
      process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()));
    }),
  emit: (event) => reporter.report(event),
  complain: (error) => {
    reporter.clear();
    writeError(describeError(error));
  },
  reportJson: () => {
    reporter.clear();
    reporter = jsonReporter(writeError);
  },
};

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
    return error.code.startsWith("cli-") ? 2 : 1;
  }
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [first, second] = args;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    await io.write(describeAll());
    return first === undefined ? 2 : 0;
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
    await io.write(describeCommand(name, command));
    return 0;
  }
  return await command.run(readArguments(name, command, rest), io);
}

/** Answer a first word that is no command by itself: the start of several, or a mistake. */
async function group(first: string, second: string | undefined): Promise<number> {
  const members = Object.keys(commands).filter((name) => name.startsWith(`${first} `));
  if (members.length > 0 && (second === undefined || second === "--help" || second === "-h")) {
    await io.write(describeList(members));
    return second === undefined ? 2 : 0;
  }
  const given = members.length > 0 ? `${first} ${second}` : first;
  const names = members.length > 0 ? members : Object.keys(commands);
  const near = nearest(given, names);
  throw new CleaveError({
    code: "cli-unknown-command",
    message: `there is no command ${quote(given)}`,
    hint:
      near.length > 0
        ? `did you mean ${near.map((each) => `cleave ${each}`).join(" or ")}?`
        : members.length > 0
          ? `there are ${members.map((each) => `cleave ${each}`).join(", ")}`
          : "cleave --help lists the commands",
  });
}

function describeAll(): string {
  return [
    "cleave builds packages: typed modules in, Nix derivations out, phases split apart or joined.",
    `usage: cleave COMMAND [ARGUMENT...]`,
    `commands:\n${describeList(Object.keys(commands))}`,
    "cleave COMMAND --help says more of a command, cleave --version which cleave this is.\n",
  ].join("\n\n");
}

function describeList(names: readonly string[]): string {
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary}\n`).join("");
}
