/** The file system by names that are byte strings (`src/base/text.ts`): Node's own replace what is not UTF-8. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { decodeText, encodeText } from "../base/index.ts";

/** List the names in a folder. Throws what the system says. */
export function namesIn(folder: string): string[] {
  return readdirSync(encodeText(folder), { encoding: "buffer" }).map(decodeText);
}

/** Give what a symlink points to. Throws what the system says. */
export function targetOf(link: string): string {
  return decodeText(readlinkSync(encodeText(link), { encoding: "buffer" }));
}

/** Look at a file, and not through it where it is a symlink; gives nothing where nothing is. */
export function lookAt(file: string): Stats | undefined {
  return lstatSync(encodeText(file), { throwIfNoEntry: false });
}
