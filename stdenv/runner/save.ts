/** Saves a state, from which another group starts. */
import { lstat, mkdir, saveTrees, writeFile } from "cleave:native";
import type { Group } from "./group.ts";
import { writeManifest } from "./manifest.ts";
import { singleOutput } from "./outputs.ts";
import { clockBase, workDirectory } from "./places.ts";
import type { JsonValue } from "./schema.ts";

/** Copy the trees to the output `out`, with their manifest. They stay as they are, so that a builder may hand them on. */
export function saveState(group: Group, results: Readonly<Record<string, JsonValue>>): void {
  const out = singleOutput(group);
  const trees: [string, string][] = [[workDirectory, `${out}/work`]];
  const outputs = Object.keys(group.placeholders).filter((name) => {
    const placeholder = group.placeholders[name] ?? "";
    const made = lstat(placeholder) !== null;
    if (made) trees.push([placeholder, `${out}/outputs/${name}`]);
    return made;
  });
  for (const folder of [out, `${out}/outputs`]) mkdir(folder, 0o755);
  const entries = saveTrees(trees, clockBase);
  const last = group.first + group.phases.length - 1;
  writeFile(`${out}/manifest.json`, writeManifest({ version: 1, last, results, outputs }, entries));
}
