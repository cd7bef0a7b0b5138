/** Compares what a derivation made when it was built again with what is valid. */
import { CleaveError } from "../base/index.ts";
import { baseName, equalHash, type StorePath } from "../nix/index.ts";
import { deleteTree } from "../store/delete-tree.ts";
import type { LocalStore } from "../store/index.ts";
import { moveTree } from "../store/move-tree.ts";
import type { BuildNode } from "./build-graph.ts";
import type { MadeOutput } from "./outputs.ts";

/**
 * Compare outputs with the valid ones, whose locks are held. One that differs stays at `<path>.check`, until garbage
 * is collected or it is built again. Throws `build-not-deterministic`.
 */
export async function compareOutputs(
  { path }: BuildNode,
  made: readonly MadeOutput[],
  store: LocalStore,
): Promise<void> {
  const differing: string[] = [];
  for (const { tree, info } of made) {
    const valid = await store.requireInfo(info.path);
    const place = `${store.realPath(info.path)}.check`;
    deleteTree(place);
    if (equalHash(valid.narHash, info.narHash) && isSame(valid.references, info.references)) continue;
    moveTree(tree, place);
    differing.push(`\n    ${info.path} is not as in ${baseName(info.path)}.check beside it`);
  }
  if (differing.length === 0) return;
  throw new CleaveError({
    code: "build-not-deterministic",
    message: `${path} has not made the same again:${differing.join("")}`,
    hint: "compare the two: time, random numbers, the order of files or the number of cores are the usual reasons",
  });
}

function isSame(one: readonly StorePath[], other: readonly StorePath[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}
