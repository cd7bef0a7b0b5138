/**
 * Reads files of source folders, each once in a process, and records what was read.
 *
 * What is read has a **hash**, and if possible a **stamp**: size, times and inode, by which a later process sees that
 * nothing has changed without reading. A file that changed just now has none, as it may change again within the
 * resolution of its times.
 */
import {
  type Dirent,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CleaveError, compareText, decodeText, encodeText, fileError, quote } from "../base/index.ts";
import { formatHash, hashBytes } from "../nix/hash.ts";
import { ReadAhead } from "./read-ahead.ts";
import { type Read, record } from "./trace.ts";
import type { Ahead } from "./translate.ts";

/** What a folder has under a name, a byte string. */
export type FolderEntry = { readonly name: string; readonly type: "file" | "folder" | "link" | "other" };

/** A file: its bytes, and what is recorded of reading it. */
export type Content = { readonly content: Uint8Array; readonly executable: boolean; readonly read: Read };
type Listing = {
  readonly entries: readonly FolderEntry[];
  readonly folders: ReadonlySet<string>;
  readonly read: Read;
};

/** Younger changes may not be the last ones with these times; in milliseconds. */
const settled = 100;

/** The files as they were when they were first read. */
export class Files {
  readonly #stats = new Map<string, Stats | undefined>();
  readonly #contents = new Map<string, Content | undefined>();
  readonly #folders = new Map<string, Listing | undefined>();
  /** Folders with all links resolved. */
  readonly #real = new Map<string, string>([["/", "/"]]);
  #ahead: ReadAhead | undefined;

  /** Read recipes before they are wanted, which is in this order; `isFirst` where no other was wanted before. */
  readAhead(paths: readonly string[], isFirst: boolean): void {
    this.#ahead ??= ReadAhead.start(paths, isFirst);
  }

  /** Get the translation of a file that was read ahead, by its content. */
  translationOf(content: Uint8Array): Ahead | undefined {
    return this.#ahead?.translationOf(content);
  }

  /** Say what a path is, as it was when that was first asked. */
  typeOf(path: string): "file" | "folder" | "other" | undefined {
    const stats = this.#stat(path);
    return stats && (stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other");
  }

  /** Get the stamp of what is at a path; `undefined` where there is nothing, or where it is too young to tell. */
  stampAt(path: string): string | undefined {
    const stats = this.#stat(path);
    return stats && stampOf(stats);
  }

  #stat(path: string): Stats | undefined {
    let stats = this.#stats.get(path);
    if (stats === undefined && !this.#stats.has(path)) {
      stats = ifThere(path, () => statSync(path, { throwIfNoEntry: false }));
      this.#stats.set(path, stats);
    }
    return stats;
  }

  /** How many files were read, and how much that was. */
  get statistics(): { readonly files: number; readonly bytes: number } {
    let files = 0;
    let bytes = 0;
    for (const each of this.#contents.values())
      if (each !== undefined) {
        files += 1;
        bytes += each.content.length;
      }
    return { files, bytes };
  }

  /** Read a file; `undefined` where there is none. Throws `recipe-outside` for a link that leads out of `root`. */
  read(path: string, root: string): Uint8Array | undefined {
    return this.#read(path, root)?.content;
  }

  /** Read a file as {@link read} does, and tell whether it is executable. */
  readWithMode(
    path: string,
    root: string,
  ): { readonly content: Uint8Array; readonly executable: boolean } | undefined {
    return this.#read(path, root);
  }

  #read(path: string, root: string): Content | undefined {
    let found = this.#contents.get(path);
    if (found === undefined && !this.#contents.has(path)) {
      found = this.#isInside(path, root) ? (this.#ahead?.take(path) ?? contentOf(path)) : undefined;
      this.#contents.set(path, found);
    }
    record(found?.read ?? { type: "absent", path, hash: "" });
    return found;
  }

  /** List a folder, ordered by names; `undefined` where there is none. */
  list(path: string): readonly FolderEntry[] | undefined {
    let found = this.#folders.get(path);
    if (found === undefined && !this.#folders.has(path)) {
      found = listingOf(path);
      this.#folders.set(path, found);
    }
    record(found?.read ?? { type: "absent", path, hash: "" });
    return found?.entries;
  }

  /** Say where a link leads, as it is written; `undefined` where there is none. */
  readLink(path: string): string | undefined {
    const read = linkAt(path);
    record(read?.read ?? { type: "absent", path, hash: "" });
    return read?.target;
  }

  /** Tell whether a path, with all links resolved, lies in a folder. Throws `recipe-outside` where it does not. */
  #isInside(path: string, root: string): boolean {
    const real = this.#realOf(path);
    if (real === undefined) return false;
    const inside = this.#realOf(root);
    if (inside === "/" || real.startsWith(`${inside}/`)) return true;
    throw new CleaveError({
      code: "recipe-outside",
      message: `this is a link to ${quote(real)}, which lies outside of ${quote(root)}, the folder that the recipe belongs to`,
      hint: "put the file itself into that folder",
      location: { file: path },
    });
  }

  /** Tell whether the listing of the folder above has said that this is a folder, and so no link. */
  #isListedFolder(path: string): boolean {
    return this.#folders.get(dirname(path))?.folders.has(basename(path)) === true;
  }

  /** Resolve all links of a path, each folder once. */
  #realOf(path: string): string | undefined {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    const above = this.#realOf(dirname(path));
    if (above !== undefined && this.#isListedFolder(path)) {
      const real = join(above, basename(path));
      this.#real.set(path, real);
      return real;
    }
    const stats = ifThere(path, () => lstatSync(path, { throwIfNoEntry: false }));
    if (above === undefined || stats === undefined) return undefined;
    const real = stats.isSymbolicLink()
      ? realOrNothing(path)
      : `${above === "/" ? "" : above}/${basename(path)}`;
    if (real !== undefined && !stats.isFile()) this.#real.set(path, real);
    return real;
  }
}

/** Get the hash and stamp of what is at a path now. */
export function lookAt(type: "file" | "folder" | "link", path: string): Read | undefined {
  const look = { file: contentOf, folder: listingOf, link: linkAt }[type];
  return look(path)?.read;
}

function stampOf({ size, mtimeMs, ctimeMs, ino, dev }: Stats): string | undefined {
  return ctimeMs > Date.now() - settled ? undefined : `${size} ${mtimeMs} ${ctimeMs} ${ino} ${dev}`;
}

/** Read a file; `undefined` where there is none. */
export function contentOf(path: string): Content | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return undefined;
    const content = readFileSync(path);
    const executable = (stats.mode & 0o100) !== 0;
    const hash = hashOf(content);
    return {
      content,
      executable,
      read: { type: "file", path, hash: executable ? `${hash} executable` : hash, stamp: stampOf(stats) },
    };
  } catch (error) {
    return unlessMissing(error, path);
  }
}

function listingOf(path: string): Listing | undefined {
  try {
    const stats = statSync(path);
    const entries = entriesOf(path)
      .map(
        (each): FolderEntry => ({
          name: each.name,
          type: each.isFile()
            ? "file"
            : each.isDirectory()
              ? "folder"
              : each.isSymbolicLink()
                ? "link"
                : "other",
        }),
      )
      .sort((a, b) => compareText(a.name, b.name));
    let hash: string | undefined;
    return {
      entries,
      folders: new Set(entries.filter(({ type }) => type === "folder").map(({ name }) => name)),
      read: {
        type: "folder",
        path,
        stamp: stampOf(stats),
        get hash() {
          // Not every folder that is listed is compared.
          hash ??= hashOf(JSON.stringify(entries));
          return hash;
        },
      },
    };
  } catch (error) {
    return unlessMissing(error, path);
  }
}

type Entry = Pick<Dirent, "name" | "isFile" | "isDirectory" | "isSymbolicLink">;

/** List a folder. A name that is not UTF-8 is found by what stands in its place. */
function entriesOf(path: string): readonly Entry[] {
  const entries = readdirSync(path, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes("\ufffd"))) return entries;
  return readdirSync(path, { withFileTypes: true, encoding: "buffer" }).map((each) => ({
    name: decodeText(each.name),
    isFile: () => each.isFile(),
    isDirectory: () => each.isDirectory(),
    isSymbolicLink: () => each.isSymbolicLink(),
  }));
}

/** It has no stamp: to ask where a link leads takes no longer than to ask for its times. */
function linkAt(path: string): { readonly target: string; readonly read: Read } | undefined {
  try {
    const target = decodeText(readlinkSync(path, "buffer"));
    return { target, read: { type: "link", path, hash: hashOf(encodeText(target)) } };
  } catch (error) {
    return unlessMissing(error, path);
  }
}

/** Hash bytes, or the UTF-8 of a text: SHA-256 in base16. */
export function hashOf(content: Uint8Array | string): string {
  return formatHash(hashBytes("sha256", content), "base16");
}

function realOrNothing(path: string): string | undefined {
  return ifThere(path, () => realpathSync(path));
}

/** Look at what is at a path; `undefined` where there can be nothing. Throws `file-failed`. */
function ifThere<T>(path: string, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    return unlessMissing(error, path);
  }
}

function unlessMissing(error: unknown, path: string): undefined {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP", "EINVAL", "ENAMETOOLONG"].includes(code)) return undefined;
  throw fileError(error, "read", path);
}
