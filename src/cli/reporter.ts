import { type CleaveError, describeError, type Event } from "../base/index.ts";
import { BuildBoard, describeSeconds, nameOf, printable } from "./build-board.ts";
import { describeSize } from "./size.ts";
import { cut } from "./width.ts";

/**
 * Turns events into text on standard error. One reporter per way of showing: {@link plainReporter} for pipes and
 * files, {@link terminalReporter} for people, {@link jsonReporter} for programs.
 */
export type Reporter = {
  readonly report: (event: Event) => void;
  /** Show an error. */
  readonly complain: (error: CleaveError) => void;
  /** Take away what is only of the moment, before results are shown. */
  readonly clear: () => void;
};

/** What a terminal can do. */
export type Terminal = {
  readonly write: (text: string) => void;
  readonly columns: () => number;
  readonly rows: () => number;
  /** The time in milliseconds. */
  readonly now: () => number;
  /** Call an action every so many milliseconds; gives how to stop that. */
  readonly every: (milliseconds: number, action: () => void) => () => void;
};

/** Report line by line; what is only of the moment is left out. */
export function plainReporter(write: (text: string) => void): Reporter {
  return {
    report: (event) => {
      switch (event.type) {
        case "warning":
        case "note":
          write(describeLine(event));
          return;
        case "builds":
          write(`${event.total} ${event.total === 1 ? "derivation" : "derivations"} to build\n`);
          return;
        case "build-waiting":
          write(`waiting for another process that builds ${event.derivation}\n`);
          return;
        case "build-started":
          write(`building ${event.derivation}\n`);
          return;
        case "build-phase":
          write(`${nameOf(event.derivation)}: ${printable(event.phase)}\n`);
          return;
        case "build-log":
          write(`${nameOf(event.derivation)}> ${printable(event.line)}\n`);
          return;
        case "build-ended":
          write(describeEnd(event));
          return;
        case "progress":
          return;
      }
    },
    complain: (error) => write(describe(error)),
    clear: () => {},
  };
}

/** Write an error without what would move the cursor: it may quote what a builder has written. */
function describe(error: CleaveError): string {
  return describeError(error).split("\n").map(printable).join("\n");
}

/** Report each event as a line of JSON, and each error as one of the type `error`. */
export function jsonReporter(write: (text: string) => void): Reporter {
  return {
    report: (event) => write(`${JSON.stringify(event)}\n`),
    complain: ({ code, message, hint, location }) =>
      write(`${JSON.stringify({ type: "error", code, message, hint, location })}\n`),
    clear: () => {},
  };
}

/** Report on a terminal: what stays line by line, and below it what goes on, drawn over and over. */
export function terminalReporter({ write, columns, rows, now, every }: Terminal): Reporter {
  const started = now();
  const board = new BuildBoard();
  let progress = "";
  let progressed = 0;
  let drawn = 0;
  let shown = 0;
  let stop: (() => void) | undefined;

  const clear = () => {
    // Up to the first line of what is shown, and away with everything below.
    if (shown > 0) write(`\r${shown > 1 ? `\u001b[${shown - 1}A` : ""}\u001b[J`);
    shown = 0;
  };
  const draw = () => {
    const lines = board.draw(columns() - 1, Math.min(rows() - 1, 12), now());
    // Nobody says when it is over.
    if (lines.length > 0 && now() - progressed > 1000) progress = "";
    if (progress !== "") lines.push(cut(progress, columns() - 1));
    clear();
    if (lines.length === 0) {
      stop?.();
      stop = undefined;
      return;
    }
    write(lines.join("\n"));
    shown = lines.length;
    drawn = now();
  };
  const redraw = () => {
    stop ??= every(100, draw);
    if (now() - drawn >= 100) draw();
  };
  const keep = (text: string) => {
    clear();
    write(text);
  };
  const end = () => {
    stop?.();
    stop = undefined;
    progress = "";
    clear();
  };

  return {
    report: (event) => {
      board.take(event, now());
      switch (event.type) {
        case "warning":
        case "note":
          keep(describeLine(event));
          return;
        case "progress": {
          // Nothing for work that is over at once.
          if (now() - started < 400) return;
          const share =
            event.total === undefined || event.total === 0
              ? ""
              : ` of ${describeSize(event.total)} (${Math.floor((100 * event.done) / event.total)} %)`;
          progressed = now();
          progress = `${event.what}: ${describeSize(event.done)}${share}`;
          if (now() - drawn >= 100) draw();
          return;
        }
        case "build-ended":
          keep(describeEnd(event));
          redraw();
          return;
        case "builds":
        case "build-waiting":
        case "build-started":
        case "build-phase":
        case "build-log":
          redraw();
          return;
      }
    },
    complain: (error) => {
      end();
      write(describe(error));
    },
    clear: end,
  };
}

function describeLine(event: Extract<Event, { type: "warning" | "note" }>): string {
  if (event.type === "note") return `${event.message}\n`;
  return `warning: ${event.message}\n${event.hint === undefined ? "" : `  hint: ${event.hint}\n`}`;
}

function describeEnd({ derivation, outcome, seconds }: Extract<Event, { type: "build-ended" }>): string {
  switch (outcome) {
    case "built":
      return `built ${nameOf(derivation)} in ${describeSeconds(seconds)}\n`;
    case "valid":
      return `${nameOf(derivation)} was built by another process\n`;
    case "stopped":
      return `stopped ${nameOf(derivation)} after ${describeSeconds(seconds)}\n`;
    case "failed":
      return `failed ${nameOf(derivation)} after ${describeSeconds(seconds)}\n`;
  }
}
