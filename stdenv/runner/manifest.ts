/**
 * The manifest of a state, `manifest.json`:
 *
 *     { "version": 1, "last": 2, "results": { "configure": … }, "outputs": ["out"],
 *       "entries": [[0, "work", 493, 2], [1, "main.c", 420, 0], [1, "same.c", 420, 0, 1], …] }
 *
 * `last` is the index of the phase after which it was saved. The entries are those of `work`, then those of each of `outputs`,
 * a folder before what is in it, names ordered by bytes; each has how many folders are above it, its name, its mode, its
 * minute on the phase clock, and the place in the list of an earlier entry that is the same file, if there is one. So
 * empty folders are there too. Names are byte strings. This file alone reads and writes them.
 */
import { decodeText, readFile, scanTrees } from "cleave:native";
import { Failure } from "./failure.ts";
import { clockBase } from "./places.ts";
import type { JsonValue } from "./schema.ts";

type Row = readonly [depth: number, name: string, mode: number, minute: number, link?: number];

export type Manifest = {
  readonly version: 1;
  readonly last: number;
  readonly results: Readonly<Record<string, JsonValue>>;
  readonly outputs: readonly string[];
  readonly entries: readonly Row[];
};

/** What the native functions have four numbers for. */
type Records = { readonly names: string; readonly records: Uint32Array };

const none = 0xffffffff;

/** List trees as rows. */
export function listEntries(roots: readonly string[]): Row[] {
  const { names, records } = scanTrees(roots, clockBase);
  return names.map((name, entry) => {
    const [depth = 0, mode = 0, minute = none, link = none] = records.subarray(entry * 4, entry * 4 + 4);
    if (minute === none) throw new Error(`${name} is not on the phase clock`);
    return link === none ? [depth, name, mode, minute] : [depth, name, mode, minute, link];
  });
}

/** Turn rows into what the native functions take. */
export function recordsOf(entries: readonly Row[]): Records {
  const records = new Uint32Array(entries.length * 4);
  entries.forEach(([depth, , mode, minute, link = none], entry) => {
    records[entry * 4] = depth;
    records[entry * 4 + 1] = mode;
    records[entry * 4 + 2] = minute;
    records[entry * 4 + 3] = link;
  });
  return { names: entries.map(([, name]) => name).join("\0"), records };
}

/** Write a manifest as text. */
export function writeManifest({ entries, ...rest }: Manifest): string {
  const head = JSON.stringify(rest).slice(0, -1);
  return `${head},"entries":[\n${entries.map((row) => JSON.stringify(row)).join(",\n")}\n]}\n`;
}

/** Read the manifest of a state. */
export function readManifest(state: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(decodeText(readFile(`${state}/manifest.json`)));
  } catch (error) {
    throw new Failure(
      `the state ${state} cannot be read: ${error instanceof Error ? error.message : error}`,
      {
        hint: "what a group starts from is the output of one that saves a state",
      },
    );
  }
  if (manifest.version !== 1)
    throw new Failure(`the state ${state} is of version ${manifest.version}, and this runner knows 1`, {
      hint: "let one version of cleave make both",
    });
  return manifest;
}
