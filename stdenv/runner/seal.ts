/** Seals: moves the outputs from their placeholders to their real paths, and writes these wherever the placeholders were. */
import { lstat, rename, rewriteTree } from "cleave:native";
import { Failure } from "./failure.ts";
import { type Group, packageName } from "./group.ts";
import { closeOutput } from "./outputs.ts";
import { baseName } from "./places.ts";

/** Seal all outputs. */
export function seal(group: Group): void {
  const pairs = Object.entries(group.outputs).map(([name, path]) => {
    const placeholder = group.placeholders[name];
    if (placeholder === undefined || lstat(placeholder) === null)
      throw new Failure(
        `the phases of ${packageName(group)} did not make the output ${name}: there is no ${placeholder}`,
        {
          hint: "a phase makes each output at phase.outputs; remove the output from the package if it has none",
        },
      );
    return { name, path, placeholder };
  });
  const from = pairs.map(({ placeholder }) => hashPart(placeholder));
  const to = pairs.map(({ path }) => hashPart(path));
  for (const { path, placeholder } of pairs) rename(placeholder, path);
  for (const { name, path } of pairs) {
    const found = rewriteTree(path, from, to);
    if (found !== null) {
      const { placeholder } = pairs[found.index] ?? { placeholder: "" };
      throw new Failure(
        `the output ${name} of ${packageName(group)} holds ${placeholder} in a compressed file, where it cannot be replaced: ${inOutput(found.path, path)}`,
        { hint: "compress only what holds no path of an output, or leave the file uncompressed" },
      );
    }
    closeOutput(path);
  }
}

/** Give the 32 characters of a store path that follow from its content. */
function hashPart(path: string): string {
  return baseName(path).slice(0, 32);
}

function inOutput(path: string, output: string): string {
  return path === output ? "the output itself" : path.slice(output.length + 1);
}
