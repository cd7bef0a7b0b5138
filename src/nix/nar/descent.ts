/**
 * A way down into folders of any depth.
 *
 * A system call takes paths of at most 4,095 bytes, and Node has no `openat`. Where the path of a folder comes
 * near to that, or has so many steps that each call would be slow, the folder is opened, and what is in it is
 * named through `/proc/self/fd/N` from there.
 *
 * Paths and names are *raw* here: strings with a character U+0000 to U+00FF for each byte. Such strings are
 * ordered as their bytes are by `<`, and are quicker to make and cut than buffers. The state is plain data, so
 * that another thread of the process can go on with it.
 */
import { Buffer } from "node:buffer";
import { closeSync, constants, openSync } from "node:fs";
import { decodeText, encodeText } from "../../base/index.ts";

export type Descent = {
  /** The raw path of the current folder, and how many steps it has since the last folder that was opened. */
  path: string;
  steps: number;
  /** The same of the folders above it. */
  readonly above: { readonly path: string; readonly steps: number }[];
  /** For each folder down to the current one its number if it was opened. */
  readonly opened: (number | undefined)[];
};

// With `/` and the longest name it stays below 4,096.
const longestPath = 3800;
const mostSteps = 64;

/** Write a byte string as raw. Throws `text-lone-surrogate`. */
export function toRaw(text: string): string {
  return encodeText(text).toString("latin1");
}

/** Give a raw path as the file system functions of Node take it. */
export function systemPath(raw: string): string | Buffer {
  return isAscii(raw) ? raw : Buffer.from(raw, "latin1");
}

function isAscii(raw: string): boolean {
  return !/[^\0-\x7f]/.test(raw);
}

/** Make a descent that begins in the folder at the raw path `root`. */
export function startDescent(root: string): Descent {
  const descent: Descent = { path: root, steps: 0, above: [], opened: [] };
  descent.opened.push(shorten(descent));
  return descent;
}

/** Name an entry of the current folder for a system call. */
export function pathIn(descent: Descent, name: string): string | Buffer {
  return systemPath(`${descent.path}/${name}`);
}

/** Go into a folder of the current folder. After an error the descent can only be ended. */
export function enterFolder(descent: Descent, name: string): void {
  const { path, steps } = descent;
  descent.above.push({ path, steps });
  descent.path = `${path}/${name}`;
  descent.steps = steps + 1;
  descent.opened.push(shorten(descent));
}

/** Go back to the folder above. */
export function leaveFolder(descent: Descent): void {
  const opened = descent.opened.pop();
  if (opened !== undefined) closeSync(opened);
  const { path, steps } = descent.above.pop() ?? { path: "", steps: 0 };
  descent.path = path;
  descent.steps = steps;
}

/** Close what was opened on the way; the descent is of no use after that. */
export function endDescent(descent: Descent): void {
  for (const opened of descent.opened.splice(0)) if (opened !== undefined) closeSync(opened);
}

/** What {@link walkTree} does on its way. */
export type TreeVisitor<E> = {
  /** List the folder at a path for a system call. */
  readonly list: (folder: string | Buffer) => E[];
  /**
   * Do something with an entry of the current folder; gives its raw name if it is a folder to go into. `way` gives the raw
   * names of the folders down to here.
   */
  readonly visit: (entry: E, descent: Descent, way: () => readonly string[]) => string | undefined;
  /** Told of each folder below the root, by its path for a system call, when all that is in it was visited. */
  readonly leave?: (folder: string | Buffer) => void;
};

/** Walk through all that is below the folder at the raw path `root`, the last entries of a folder first. */
export function walkTree<E>(root: string, { list, visit, leave }: TreeVisitor<E>): void {
  const descent = startDescent(root);
  try {
    const folders = [{ name: "", entries: list(systemPath(descent.path)) }];
    const way = () => folders.slice(1).map(({ name }) => name);
    for (let folder = folders.at(-1); folder !== undefined; folder = folders.at(-1)) {
      const entry = folder.entries.pop();
      if (entry === undefined) {
        folders.pop();
        if (folders.length === 0) break;
        leaveFolder(descent);
        leave?.(pathIn(descent, folder.name));
        continue;
      }
      const name = visit(entry, descent, way);
      if (name === undefined) continue;
      enterFolder(descent, name);
      folders.push({ name, entries: list(systemPath(descent.path)) });
    }
  } finally {
    endDescent(descent);
  }
}

/** Write the path of what is below `root`, a byte string, for a message; the middle is left out where it is long. */
export function describePath(root: string, rawNames: readonly string[]): string {
  const names = rawNames
    .filter((name) => name !== "")
    .map((name, index, { length }) =>
      index >= 10 && index < length - 10 ? "" : decodeText(Buffer.from(name, "latin1")),
    );
  if (names.length > 20) names.splice(10, names.length - 20, "…");
  return [names.length > 0 ? root.replace(/\/+$/, "") : root, ...names].join("/");
}

function shorten(descent: Descent): number | undefined {
  if (descent.path.length <= longestPath && descent.steps < mostSteps) return undefined;
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const opened = openSync(systemPath(descent.path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  descent.path = `/proc/self/fd/${opened}`;
  descent.steps = 0;
  return opened;
}
