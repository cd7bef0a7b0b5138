import { Buffer } from "node:buffer";
import { decodeText, quote } from "../../base/index.ts";
import { mostFolders, mostNameBytes } from "./format.ts";

/** The way down to a node of a NAR: the open folders, and in each the name of the entry that is read. */
export type Trail = {
  /** How many folders are open. */
  readonly depth: () => number;
  /** Go into the folder that is read now. Gives what is wrong if that is too deep. */
  readonly enter: () => string | undefined;
  readonly leave: () => void;
  /** Go on to the next entry of the innermost folder. Gives what is wrong if it does not come after the last. */
  readonly rename: (name: Buffer) => string | undefined;
  /** The path of the node that is read, for a message. */
  readonly describe: () => string;
  /** The path of the innermost folder, for a message. */
  readonly describeFolder: () => string;
};

/** Make a trail without folders. */
export function trail(): Trail {
  // All names, one after the other. That of folder d is between ends[d - 1] and ends[d]: empty before the first entry.
  let names = Buffer.alloc(512);
  const ends = [0];

  function describe(depth: number): string {
    const parts: string[] = [];
    let length = 0;
    for (let each = depth; each > 0; each -= 1) {
      const part = decodeText(names.subarray(ends[each - 1], ends[each]));
      length += part.length + 1;
      if (length > 200) {
        parts.push("…");
        break;
      }
      parts.push(part);
    }
    return quote(`/${parts.reverse().join("/")}`);
  }

  return {
    depth: () => ends.length - 1,
    enter: () => {
      const end = ends.at(-1) ?? 0;
      if (ends.length > mostFolders) return `more than ${mostFolders} folders are in each other`;
      if (end > mostNameBytes)
        return `the names on the way to a folder have more than ${mostNameBytes} bytes`;
      ends.push(end);
      return undefined;
    },
    leave: () => {
      ends.pop();
    },
    rename: (name) => {
      const start = ends.at(-2) ?? 0;
      const end = ends.at(-1) ?? 0;
      const order = end === start ? -1 : names.compare(name, 0, name.length, start, end);
      if (order >= 0) {
        const last = quote(decodeText(names.subarray(start, end)));
        return order === 0
          ? `the folder ${describe(ends.length - 2)} has the entry ${last} twice`
          : `the entry ${quote(decodeText(name))} of the folder ${describe(ends.length - 2)} comes after ${last}, and must come before it`;
      }
      if (start + name.length > names.length) {
        const grown = Buffer.alloc(2 * names.length);
        names.copy(grown, 0, 0, start);
        names = grown;
      }
      name.copy(names, start);
      ends[ends.length - 1] = start + name.length;
      return undefined;
    },
    describe: () => describe(ends.length - 1),
    describeFolder: () => describe(ends.length - 2),
  };
}
