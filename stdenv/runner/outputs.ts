/** The outputs of the derivation itself. */
import { chmod, lstat } from "cleave:native";
import { Failure } from "./failure.ts";
import { type Group, packageName } from "./group.ts";

/** Give where the one output of a group is made that saves a state or is a branch. */
export function singleOutput(group: Group): string {
  const out = group.outputs["out"];
  if (out === undefined)
    throw new Failure(`the group of ${packageName(group)} that ends with "${group.end}" has no output out`);
  return out;
}

/** Take the right to change an output from all but its owner: Nix takes no other. */
export function closeOutput(path: string): void {
  const status = lstat(path);
  if (status !== null && status.type !== "symlink" && (status.mode & 0o022) !== 0)
    chmod(path, status.mode & ~0o022);
}
