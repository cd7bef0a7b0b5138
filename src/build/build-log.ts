/**
 * The log of a build: a file where Nix keeps logs, and its last lines in memory.
 *
 * A builder says which phase it begins as Nix has it, by a line `@nix {"action":"setPhase","phase":"build"}`. Such lines stay in the
 * file, and are not among the last lines.
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { decodeText } from "../base/index.ts";

export type BuildLog = {
  /** Take the next bytes. */
  readonly write: (chunk: Uint8Array) => void;
  /** Give the last lines, at most `count`; the unfinished one too. */
  readonly tail: (count: number) => string[];
  /** Give the phase that the builder said last, where it said one. */
  readonly phase: () => string | undefined;
  /** How many bytes came, those beyond the limit too. */
  readonly size: () => number;
  readonly close: () => void;
};

/** How many lines are kept in memory. */
const kept = 50;
/** A longer line is cut in memory, not in the file. In bytes. */
const longestLine = 2000;

/** What is told of a log while it grows: each line as it ends, and each phase that begins. */
export type LogWatcher = {
  readonly line: (text: string) => void;
  readonly phase: (name: string) => void;
};

/** Start the log of a build anew. Bytes beyond `limit` are not written. */
export function openLog(file: string, limit: number, watcher: LogWatcher): BuildLog {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, "w", 0o644);
  const lines: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let size = 0;
  let phase: string | undefined;
  const end = (bytes: Buffer): void => {
    const text = decodeText(bytes.subarray(0, longestLine));
    const begun = readPhase(text);
    if (begun !== undefined) {
      phase = begun;
      watcher.phase(begun);
      return;
    }
    lines.push(text);
    if (lines.length > kept) lines.shift();
    watcher.line(text);
  };
  return {
    write: (chunk) => {
      const room = limit - size;
      size += chunk.length;
      if (room <= 0) return;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(room, chunk.length));
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      let from = 0;
      for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
        const part = bytes.subarray(from, at);
        end(rest.length === 0 ? part : Buffer.concat([rest, part]));
        rest = Buffer.alloc(0);
        from = at + 1;
      }
      const left = bytes.subarray(from);
      // What goes beyond the longest line would be cut anyway.
      if (left.length > 0)
        rest = Buffer.concat([rest.subarray(0, longestLine), left.subarray(0, longestLine)]);
    },
    tail: (count) =>
      [...lines, ...(rest.length > 0 ? [decodeText(rest.subarray(0, longestLine))] : [])].slice(-count),
    phase: () => phase,
    size: () => size,
    close: () => closeSync(fd),
  };
}

/** Read a line that says which phase begins; `undefined` for any other. */
export function readPhase(line: string): string | undefined {
  if (!line.startsWith("@nix ")) return undefined;
  try {
    const message: unknown = JSON.parse(line.slice("@nix ".length));
    if (typeof message !== "object" || message === null) return undefined;
    if (!("action" in message && "phase" in message)) return undefined;
    return message.action === "setPhase" && typeof message.phase === "string" ? message.phase : undefined;
  } catch {
    return undefined;
  }
}
