/** What a realisation looks like at a moment: how far it is, what runs, what that said last. */
import type { Event } from "../base/index.ts";
import { cut } from "./width.ts";

type Running = { readonly since: number; phase: string; line: string };

/** Keeps the state of the builds of one command. Times are in milliseconds. */
export class BuildBoard {
  #total = 0;
  #built = 0;
  #failed = 0;
  readonly #running = new Map<string, Running>();
  readonly #waiting = new Set<string>();

  /** Take an event; says whether it was about builds. */
  take(event: Event, now: number): boolean {
    switch (event.type) {
      case "builds":
        this.#total += event.total;
        return true;
      case "build-waiting":
        this.#waiting.add(event.derivation);
        return true;
      case "build-started":
        this.#waiting.delete(event.derivation);
        this.#running.set(event.derivation, { since: now, phase: "", line: "" });
        return true;
      case "build-phase": {
        const running = this.#running.get(event.derivation);
        if (running !== undefined) {
          running.phase = event.phase;
          running.line = "";
        }
        return true;
      }
      case "build-log": {
        const running = this.#running.get(event.derivation);
        if (running !== undefined && event.line.trim() !== "") running.line = event.line;
        return true;
      }
      case "build-ended":
        this.#waiting.delete(event.derivation);
        this.#running.delete(event.derivation);
        if (event.outcome === "failed") this.#failed += 1;
        else if (event.outcome !== "stopped") this.#built += 1;
        return true;
      default:
        return false;
    }
  }

  /** Draw it in lines of at most `columns` characters, at most `rows` of them; none where nothing is going on. */
  draw(columns: number, rows: number, now: number): string[] {
    if (this.#running.size === 0 && this.#waiting.size === 0) return [];
    const done = this.#built + this.#failed;
    const counts = [
      `${done} of ${this.#total} built`,
      `${this.#running.size} running`,
      ...(this.#waiting.size > 0 ? [`${this.#waiting.size} waiting for another process`] : []),
      ...(this.#failed > 0 ? [`${this.#failed} failed`] : []),
    ];
    const oldest = [...this.#running].sort(([, a], [, b]) => a.since - b.since);
    const shown = oldest.slice(0, Math.max(1, rows - 2));
    const width = Math.max(...shown.map(([path]) => nameOf(path).length), 0);
    const lines = shown.map(([path, { since, phase, line }]) => {
      const time = describeSeconds((now - since) / 1000).padStart(6);
      const said = [...(phase === "" ? [] : [`${printable(phase)}:`]), printable(line)].join(" ");
      return `  ${nameOf(path).padEnd(width)} ${time}  ${said}`;
    });
    if (oldest.length > shown.length) lines.push(`  and ${oldest.length - shown.length} more`);
    return [counts.join(", "), ...lines].map((line) => cut(line, columns));
  }
}

/** Give the name of a derivation: without folder, hash and ending. */
export function nameOf(derivation: string): string {
  return derivation.replace(/^.*\/[^-/]*-/, "").replace(/\.drv$/, "");
}

/** Write a duration: `0.4 s`, `12 s`, `3m05s`, `2h07m`. */
export function describeSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** Take away what would move the cursor or change colours, and bytes that are not UTF-8. */
export function printable(text: string): string {
  return text
    .replaceAll(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)?/g, "")
    .replaceAll("\t", " ")
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "")
    .replaceAll(/[\u{dc80}-\u{dcff}]/gu, "\ufffd");
}

/** Write a text as a part of a line. */
export function inOneLine(text: string): string {
  return printable(text.replaceAll(/\s+/g, " "));
}
