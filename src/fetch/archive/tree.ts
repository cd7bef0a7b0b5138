/**
 * Writes the entries of an archive as a tree, trusting none of them.
 *
 * - A name is relative, has no `..` and no NUL, and is there once; folders may come again.
 * - Symbolic links are made last, so nothing can be written through one, whatever their target.
 * - A hard link is to a file that came before.
 * - Owners, set-uid, set-gid and sticky bits, and extended attributes are left away. The owner can always read and
 *   write, and enter folders, so that what was unpacked can be worked with and taken away.
 *
 * Calls are synchronous: for small files that is several times faster than the thread pool.
 */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { CleaveError, encodeText, quote } from "../../base/index.ts";
import type { Entry, Limits } from "./entry.ts";
import { beyondLimit, refused } from "./malformed.ts";

export type Tree = {
  /** Add an entry. Throws `archive-refused`, `archive-limit`, `archive-unpack`. */
  readonly add: (entry: Entry) => Promise<void>;
  /** Make the links, and give folders their modes and times. */
  readonly finish: () => void;
  /** The names at the top, in the order in which they came. */
  readonly top: () => readonly string[];
  readonly entries: () => number;
  /** Of all files. */
  readonly bytes: () => number;
};

type Made = "file" | "folder" | { readonly target: string; readonly time: number };

/** Write a tree below `root`, which is made here. Throws what the system says. */
export function makeTree(root: string, limits: Limits): Tree {
  /** What is there, by its name without `.` and double slashes. */
  const made = new Map<string, Made>();
  /** The modes and times of folders, as their last entries have them. */
  const folders = new Map<string, { readonly mode: number; readonly time: number }>();
  let entries = 0;
  let names = 0;
  let bytes = 0;
  const pathOf = (name: string) => encodeText(`${root}/${name}`);
  const count = () => {
    entries += 1;
    if (entries > limits.entries) throw beyondLimit(`more than ${limits.entries} entries`);
  };
  /** Make the folders above a name. */
  const makeParents = (name: string, shown: string) => {
    const slash = name.lastIndexOf("/");
    if (slash < 0) return;
    const parent = name.slice(0, slash);
    const there = made.get(parent);
    if (there === "folder") return;
    if (there !== undefined)
      throw refused(
        `the archive has ${quote(shown)} below ${quote(parent)}, which is no folder but a ${kindOf(there)}`,
      );
    makeParents(parent, shown);
    count();
    guard(shown, () => mkdirSync(pathOf(parent), 0o755));
    made.set(parent, "folder");
  };
  const claim = (name: string, shown: string, target = "") => {
    if (made.has(name)) throw refused(`the archive has ${quote(shown)} twice`);
    count();
    names += name.length + target.length;
    if (names > limits.names)
      throw beyondLimit(
        `names and link targets of more than ${limits.names} characters`,
        "if you trust the archive, unpack it by another program, or pack it anew in parts",
      );
    makeParents(name, shown);
  };
  const writeFile = async (name: string, { mode, time, body }: Extract<Entry, { type: "file" }>) => {
    const file = guard(name, () => openSync(pathOf(name), "wx", 0o600));
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > limits.bytes) throw beyondLimit(`more than ${limits.bytes} bytes`);
        guard(name, () => {
          for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
        });
      }
      guard(name, () => {
        fchmodSync(file, (mode & 0o777) | 0o600);
        futimesSync(file, dateOf(time), dateOf(time));
      });
    } finally {
      closeSync(file);
    }
  };
  const hardlink = (name: string, shown: string, target: string, time: number) => {
    const from = partsOf(target).join("/");
    // GNU tar stores a file that it was given twice as a link to itself.
    if (from === name && made.get(name) === "file") return;
    claim(name, shown);
    const there = made.get(from);
    if (there === undefined || there === "folder")
      throw refused(
        `the archive has the hard link ${quote(shown)} to ${quote(target)}, which is no file that came before it`,
      );
    if (there === "file") guard(shown, () => linkSync(pathOf(from), pathOf(name)));
    made.set(name, there === "file" ? there : { target: there.target, time });
  };
  mkdirSync(encodeText(root), 0o700);
  return {
    add: async (entry) => {
      const { name: shown, mode, time } = entry;
      const name = partsOf(shown).join("/");
      if (name === "") {
        if (entry.type !== "folder") throw refused(`the archive has a ${entry.type} without a name`);
        return;
      }
      checkLength("name", name);
      switch (entry.type) {
        case "folder":
          if (made.get(name) !== "folder") {
            claim(name, shown);
            guard(shown, () => mkdirSync(pathOf(name), 0o700));
            made.set(name, "folder");
          }
          folders.set(name, { mode, time });
          return;
        case "file":
          claim(name, shown);
          made.set(name, "file");
          await writeFile(name, entry);
          return;
        case "symlink":
          checkLength("link target", entry.target);
          claim(name, shown, entry.target);
          if (entry.target === "" || entry.target.includes("\0"))
            throw refused(`the archive has the link ${quote(shown)} to nowhere`);
          made.set(name, { target: entry.target, time });
          return;
        case "hardlink":
          hardlink(name, shown, entry.target, time);
          return;
      }
    },
    finish: () => {
      for (const [name, there] of made)
        if (typeof there === "object")
          guard(name, () => {
            symlinkSync(encodeText(there.target), pathOf(name));
            lutimesSync(pathOf(name), dateOf(there.time), dateOf(there.time));
          });
      // What is in a folder before the folder itself.
      for (const [name, { mode, time }] of [...folders].sort(([a], [b]) => depthOf(b) - depthOf(a)))
        guard(name, () => {
          chmodSync(pathOf(name), (mode & 0o777) | 0o700);
          utimesSync(pathOf(name), dateOf(time), dateOf(time));
        });
      guard(root, () => chmodSync(encodeText(root), 0o755));
    },
    top: () => [...made.keys()].filter((name) => !name.includes("/")),
    entries: () => entries,
    bytes: () => bytes,
  };
}

/** Split a name into its parts. Throws `archive-refused`. */
function partsOf(name: string): string[] {
  if (name.includes("\0")) throw refused(`the archive has the name ${quote(name)}, which holds NUL`);
  if (name.startsWith("/")) throw refused(`the archive has the absolute name ${quote(name)}`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refused(`the archive has the name ${quote(name)}, which leads out with ..`);
  return parts;
}

/** What is longer than this is no path for the system. What is as long has few enough folders for {@link makeTree}. */
const longestPath = 4095;

function checkLength(what: string, path: string): void {
  if (path.length <= longestPath) return;
  throw new CleaveError({
    code: "archive-unpack",
    message: `the archive has a ${what} of ${path.length} characters, which cannot be unpacked: it begins ${quote(path.slice(0, 60))}`,
    hint: `a path has at most ${longestPath} bytes`,
  });
}

/** Make a date: what Node is given as a number below 0 it takes for now. */
function dateOf(time: number): Date {
  return new Date(time * 1000);
}

function depthOf(name: string): number {
  return name.split("/").length;
}

function kindOf(made: Made): string {
  return typeof made === "object" ? "link" : made;
}

/** Do something with the file system; throws `archive-unpack` where it refuses. */
export function guard<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new CleaveError({
      code: "archive-unpack",
      message: `${quote(name)} cannot be unpacked`,
      hint: "check the place, your permissions there, the length of the name, and the space that is left",
      cause,
    });
  }
}
