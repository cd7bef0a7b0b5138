import type { Event } from "../base/index.ts";

/**
 * Turns events into text on standard error. One reporter per way of showing: {@link plainReporter} for pipes
 * and files, `terminalReporter` for people, others as they are needed.
 */
export type Reporter = {
  readonly report: (event: Event) => void;
  /** Take away what is only of the moment, before results or an error are shown. */
  readonly clear: () => void;
};

/** Report line by line; what is only of the moment is left out. */
export function plainReporter(write: (text: string) => void): Reporter {
  return {
    report: (event) => {
      switch (event.type) {
        case "warning":
          write(describeWarning(event));
          return;
        case "note":
          write(`${event.message}\n`);
          return;
        case "progress":
          return;
      }
    },
    clear: () => {},
  };
}

/** Report on a terminal: as plain, and a line of progress that is drawn over. */
export function terminalReporter(
  write: (text: string) => void,
  columns: () => number,
  now: () => number,
): Reporter {
  const started = now();
  let drawn = 0;
  let shown = false;
  const clear = () => {
    if (shown) write("\r\u001b[K");
    shown = false;
  };
  return {
    report: (event) => {
      switch (event.type) {
        case "warning":
          clear();
          write(describeWarning(event));
          return;
        case "note":
          clear();
          write(`${event.message}\n`);
          return;
        case "progress": {
          // Nothing for work that is over at once, then ten lines a second.
          const at = now();
          if (at - started < 400 || at - drawn < 100) return;
          drawn = at;
          shown = true;
          const share =
            event.total === undefined || event.total === 0
              ? ""
              : ` of ${describeSize(event.total)} (${Math.floor((100 * event.done) / event.total)} %)`;
          write(`\r\u001b[K${`${event.what}: ${describeSize(event.done)}${share}`.slice(0, columns() - 1)}`);
          return;
        }
      }
    },
    clear,
  };
}

function describeWarning(event: Extract<Event, { type: "warning" }>): string {
  return `warning: ${event.message}\n${event.hint === undefined ? "" : `  hint: ${event.hint}\n`}`;
}

/** Write a number of bytes with a binary unit and three digits at least: `1023 B`, `1.00 KiB`, `278 MiB`. */
export function describeSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size >= 99.95 ? size.toFixed(0) : size >= 9.995 ? size.toFixed(1) : size.toFixed(2)} ${units[unit]}`;
}
