/**
 * Commands: programs with a list of arguments, a whole environment, and nothing else.
 *
 * They run beside each other, at most `cores` at once, started in the order in which they were asked for. What they
 * write goes to the log, or through a file of the temporary folder to the script, so that no pipe can fill up.
 */
import { lstat, readFile, spawn, unlink, writeFile } from "cleave:native";
import * as os from "os";
import * as std from "std";
import { PhaseFailure, quote } from "./failure.ts";

export type CommandOptions = {
  /** The whole environment; empty by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs; the work directory by default. */
  readonly cwd?: string;
  /** What it reads: nothing by default, a text, or a file. */
  readonly stdin?: string | { readonly file: string };
  /** Where its output goes: to the log by default, to `Outcome.stdout`, nowhere, or to a file that is made anew or added to. */
  readonly stdout?: "log" | "capture" | "discard" | { readonly file: string; readonly append?: boolean };
  /** Where its messages go: to the log by default, to where its output goes, to `Outcome.stderr`, or nowhere. */
  readonly stderr?: "log" | "stdout" | "capture" | "discard";
  /** Whether it must succeed, as by default; or which exit codes are successes. */
  readonly check?: boolean | readonly number[];
  /** Whether the log shows the command line, as by default. */
  readonly echo?: boolean;
};

/** How a command ended. */
export type Outcome = {
  /** Its exit code; `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: number | null;
  /** What was captured of its output, as a byte string without loss; empty otherwise. */
  readonly stdout: string;
  readonly stderr: string;
};

/** What a phase's commands share. */
export type CommandContext = {
  readonly phase: string;
  readonly cores: number;
  readonly temporaryDirectory: string;
  /** Find a program by its name. */
  tool(name: string): string;
  decode(bytes: ArrayBuffer): string;
};

type Job = {
  readonly argv: readonly string[];
  readonly options: CommandOptions;
  /** Where it was asked for. */
  readonly stack: string | undefined;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
};

type Running = { readonly job: Job; readonly captured: { stdout?: string; stderr?: string; stdin?: string } };

const signalNames: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  31: "SIGSYS",
};

/** Make the function that runs commands for a phase. A name without a slash is looked up among the tools. */
export function makeExec(
  context: CommandContext,
): (argv: readonly string[], options?: CommandOptions) => Promise<Outcome> {
  const waiting: Job[] = [];
  const running = new Map<number, Running>();
  let files = 0;
  let pumping = false;

  function temporary(): string {
    files += 1;
    return `${context.temporaryDirectory}/.command-${files}`;
  }

  function start(job: Job): void {
    const { argv, options } = job;
    const opened: number[] = [];
    const captured: Running["captured"] = {};
    try {
      const [name = "", ...args] = argv;
      const program = name.includes("/") ? name : context.tool(name);
      const open = (file: string, append = false) => {
        const descriptor = os.open(
          file,
          os.O_WRONLY | os.O_CREAT | (append ? os.O_APPEND : os.O_TRUNC),
          0o666,
        );
        if (descriptor < 0) throw new PhaseFailure(`cannot write ${file}: ${std.strerror(-descriptor)}`);
        opened.push(descriptor);
        return descriptor;
      };
      if (options.echo !== false) log(`$ ${argv.map(shellQuote).join(" ")}`);
      let stdin = "/dev/null";
      if (typeof options.stdin === "string") {
        stdin = captured.stdin = temporary();
        writeFile(stdin, options.stdin);
      } else if (options.stdin !== undefined) stdin = options.stdin.file;
      let stdout = 2;
      if (options.stdout === "capture") {
        captured.stdout = temporary();
        stdout = open(captured.stdout);
      } else if (options.stdout === "discard") stdout = open("/dev/null");
      else if (typeof options.stdout === "object") stdout = open(options.stdout.file, options.stdout.append);
      let stderr = 2;
      if (options.stderr === "capture") {
        captured.stderr = temporary();
        stderr = open(captured.stderr);
      } else if (options.stderr === "discard") stderr = open("/dev/null");
      else if (options.stderr === "stdout") stderr = stdout;
      const { env = {}, cwd } = options;
      const pid = spawn({
        program,
        args,
        env,
        stdin,
        stdout,
        stderr,
        ...(cwd === undefined ? {} : { cwd }),
      });
      running.set(pid, { job, captured });
    } catch (error) {
      const failure =
        error instanceof PhaseFailure
          ? error
          : new PhaseFailure(`cannot ${error instanceof Error ? error.message : error}`);
      job.reject(at(job, failure));
    } finally {
      for (const descriptor of opened) os.close(descriptor);
    }
  }

  /** Start what may start, wait for one to end, and come back while there are any. */
  function pump(): void {
    pumping = false;
    while (running.size < context.cores && waiting.length > 0) start(waiting.shift() as Job);
    if (running.size === 0) return;
    const [pid, status] = os.waitpid(-1, 0);
    const ended = running.get(pid);
    if (ended !== undefined) {
      running.delete(pid);
      finish(ended, status);
    }
    schedule();
  }

  function schedule(): void {
    if (pumping) return;
    pumping = true;
    os.setTimeout(pump, 0);
  }

  function finish({ job, captured }: Running, status: number): void {
    const signal = status & 0x7f;
    const code = signal === 0 ? (status >> 8) & 0xff : null;
    const outcome: Outcome = {
      code,
      signal: signal === 0 ? null : signal,
      stdout: take(captured.stdout),
      stderr: take(captured.stderr),
    };
    if (captured.stdin !== undefined) unlink(captured.stdin);
    const { check = true } = job.options;
    const good = typeof check === "boolean" ? !check || code === 0 : code !== null && check.includes(code);
    if (good) job.resolve(outcome);
    else job.reject(at(job, describeFailure(job, outcome)));
  }

  function take(file: string | undefined): string {
    if (file === undefined || lstat(file) === null) return "";
    const text = context.decode(readFile(file));
    unlink(file);
    return text;
  }

  function describeFailure({ argv, options }: Job, { code, signal, stdout, stderr }: Outcome): PhaseFailure {
    const how =
      signal === null
        ? `with exit code ${code}`
        : `by signal ${signal}${signalNames[signal] === undefined ? "" : ` (${signalNames[signal]})`}`;
    const where = options.cwd === undefined ? "" : `\n  in ${options.cwd}`;
    const said = `${stdout}${stderr}`.trimEnd();
    return new PhaseFailure(
      `a command of the phase ${context.phase} ended ${how}\n  command: ${argv.map(shellQuote).join(" ")}${where}${
        said === "" ? "" : `\n  it said:\n${said.split("\n").slice(-20).join("\n")}`
      }`,
    );
  }

  return (argv, options = {}) =>
    new Promise((resolve, reject) => {
      if (argv.length === 0 || argv.some((each) => each.includes("\0")))
        throw new PhaseFailure(`not a command: ${quote(argv.join(" "))}`);
      waiting.push({ argv, options, stack: new Error().stack, resolve, reject });
      schedule();
    });
}

/** Have a failure of a command point to where the command was asked for. */
function at({ stack }: Job, failure: PhaseFailure): PhaseFailure {
  if (stack !== undefined) failure.stack = stack;
  return failure;
}

/** Write a line to the log. */
export function log(line: string): void {
  std.err.puts(`${line}\n`);
  std.err.flush();
}

/** Write an argument so that a shell would read it back as it is. */
function shellQuote(argument: string): string {
  return /^[a-zA-Z0-9_@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
