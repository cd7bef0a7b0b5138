/**
 * Live hand-over: a group of phases that starts from a state which this process has just made gets the very tree that the
 * state was saved from, by renaming, instead of a copy of what was saved.
 *
 * The bytes are the same: the runner leaves the tree as it saved it, and saving and restoring are each other's inverse. A
 * tree is handed on once; whoever else starts from the state restores it.
 */
import { chmodSync, lstatSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isJsonRecord, type JsonRecord } from "../nix/derivation/json-text.ts";
import { type Derivation, isStorePath, type StorePath, structuredAttrs } from "../nix/index.ts";
import type { BuildNode } from "./build-graph.ts";
import type { BuildFolder, WorkFolder } from "./work-folder.ts";

export type HandOver = {
  /** Keep the tree of a group that saved a state, if somebody is going to start from it. */
  readonly leave: (node: BuildNode, folder: BuildFolder) => void;
  /** Put the tree into the folder of a group that starts from a state, if it was left for it. */
  readonly take: (node: BuildNode, folder: BuildFolder) => void;
};

/** The file in the build folder that tells the runner that the tree is there. */
const note = ".cleave-live.json";

/** Watch which of some builds start from what others of them save. */
export function makeHandOver(builds: readonly BuildNode[], work: WorkFolder): HandOver {
  const takers = new Map<StorePath, BuildNode>();
  for (const node of builds) {
    const group = groupOf(node.derivation);
    if (group?.start === undefined || node.again || !node.inputs.has(group.start)) continue;
    // The trunk goes before its branches.
    if (!takers.has(group.start) || group.end !== "branch") takers.set(group.start, node);
  }
  const left = new Map<StorePath, string>();
  let count = 0;
  return {
    leave: ({ derivation, outputs, again }, { build, store }) => {
      const group = groupOf(derivation);
      const state = outputs.get("out");
      if (group?.end !== "state" || state === undefined || again || !takers.has(state)) return;
      const kept = join(work.path, `tree-${count++}`);
      mkdirSync(join(kept, "outputs"), { recursive: true });
      move(join(build, "work"), join(kept, "work"));
      for (const placeholder of group.placeholders)
        move(join(store, basename(placeholder)), join(kept, "outputs", basename(placeholder)));
      left.set(state, kept);
    },
    take: (node, { build, store }) => {
      const group = groupOf(node.derivation);
      const kept = group?.start === undefined ? undefined : left.get(group.start);
      if (group?.start === undefined || kept === undefined || takers.get(group.start) !== node) return;
      left.delete(group.start);
      move(join(kept, "work"), join(build, "work"));
      for (const placeholder of group.placeholders)
        move(join(kept, "outputs", basename(placeholder)), join(store, basename(placeholder)));
      writeFileSync(join(build, note), `${JSON.stringify({ state: group.start })}\n`);
    },
  };
}

/** Rename what is there, if anything is; a folder that may not be written to has to be writable meanwhile. */
function move(from: string, to: string): void {
  const status = lstatSync(from, { throwIfNoEntry: false });
  if (status === undefined) return;
  const isClosed = status.isDirectory() && (status.mode & 0o200) === 0;
  if (isClosed) chmodSync(from, status.mode | 0o200);
  renameSync(from, to);
  if (isClosed) chmodSync(to, status.mode);
}

type Group = {
  readonly start: StorePath | undefined;
  readonly end: unknown;
  readonly placeholders: readonly StorePath[];
};

/** Read what a derivation says of its group of phases (`docs/lowering.md`); nothing where it is none. */
function groupOf(derivation: Derivation): Group | undefined {
  const attrs = structuredAttrs(derivation)?.["cleave"];
  if (attrs === undefined || !isJsonRecord(attrs)) return undefined;
  const { start, end, placeholders } = attrs as JsonRecord;
  return {
    start: typeof start === "string" && isStorePath(start) ? start : undefined,
    end,
    placeholders: isJsonRecord(placeholders)
      ? Object.values(placeholders).filter((each) => typeof each === "string" && isStorePath(each))
      : [],
  };
}
