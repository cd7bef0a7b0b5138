/** How a group comes to its work tree and to what there is of the outputs. */
import { decodeText, lstat, mkdir, readFile, removeTree, restoreTrees, tidyTree } from "cleave:native";
import { Failure } from "./failure.ts";
import type { Group } from "./group.ts";
import { readManifest, recordsOf } from "./manifest.ts";
import { clockBase, liveFile, workDirectory } from "./places.ts";
import type { JsonValue } from "./schema.ts";

/** Make the trees what they were when the state was saved, or start with an empty work tree. Gives all results so far. */
export function restore({ start, first, placeholders }: Group): Record<string, JsonValue> {
  if (start === null) {
    removeTree(workDirectory);
    mkdir(workDirectory, 0o755);
    return {};
  }
  const manifest = readManifest(start);
  if (manifest.last !== first - 1)
    throw new Failure(
      `the state ${start} is the one after phase ${manifest.last}, not after phase ${first - 1}`,
    );
  if (isLive(start)) {
    for (const path of [workDirectory, ...Object.values(placeholders)]) tidyTree(path);
  } else {
    removeTree(workDirectory);
    const { names, records } = recordsOf(manifest.entries);
    const pairs = manifest.outputs.map((name): [string, string] => {
      const placeholder = placeholders[name];
      if (placeholder === undefined)
        throw new Failure(`the state ${start} holds the output ${name}, which the package has not`);
      removeTree(placeholder);
      return [`${start}/outputs/${name}`, placeholder];
    });
    restoreTrees([[`${start}/work`, workDirectory], ...pairs], records, names, clockBase);
  }
  return { ...manifest.results };
}

/** Whether the builder has put the trees there from which this state was saved. */
function isLive(start: string): boolean {
  if (lstat(liveFile) === null) return false;
  const { state } = JSON.parse(decodeText(readFile(liveFile)));
  return state === start && lstat(workDirectory)?.type === "folder";
}
