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
import { decodeText, readFile } from "cleave:native";
import { Failure } from "./failure.ts";
import type { JsonValue } from "./schema.ts";

type Row = readonly [depth: number, name: string, mode: number, minute: number, link?: number];

export type Manifest = {
  readonly version: 1;
  readonly last: number;
  readonly results: Readonly<Record<string, JsonValue>>;
  readonly outputs: readonly string[];
  readonly entries: readonly Row[];
};

/** Entries as the native functions have them: names joined by NUL, and four numbers for each. */
type Records = { readonly names: string; readonly records: Uint32Array };

const none = 0xffffffff;

/** Write a manifest as text, with entries as `saveTrees` gives them. Row by row: there may be many. */
export function writeManifest(head: Omit<Manifest, "entries">, { names, records }: Records): string {
  let text = `${JSON.stringify(head).slice(0, -1)},"entries":[\n`;
  let at = 0;
  for (const name of names.split("\0")) {
    const minute = records[at + 2];
    const link = records[at + 3];
    if (minute === none) throw new Error(`${name} is not on the phase clock`);
    text += `${at === 0 ? "" : ",\n"}[${records[at]},${JSON.stringify(name)},${records[at + 1]},${minute}${link === none ? "" : `,${link}`}]`;
    at += 4;
  }
  return `${text}\n]}\n`;
}

/** Turn entries into what `restoreTrees` takes. */
export function recordsOf(entries: readonly Row[]): Records {
  const records = new Uint32Array(entries.length * 4);
  const names: string[] = [];
  let at = 0;
  for (const row of entries) {
    records[at] = row[0];
    records[at + 1] = row[2];
    records[at + 2] = row[3];
    records[at + 3] = row[4] ?? none;
    names.push(row[1]);
    at += 4;
  }
  return { names: names.join("\0"), records };
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
