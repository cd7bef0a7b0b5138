/** Reads files of source folders, each once in a process, and records what was read. */
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { CleaveError, compareText, fileError, quote } from "../base/index.ts";
import { formatHash, hashBytes } from "../nix/index.ts";
import { type Read, record } from "./trace.ts";

/** The files as they were when they were first read. */
export class Files {
  /** Folders without links in their paths, by folder. */
  readonly #real = new Map<string, string>([["/", "/"]]);
  readonly #contents = new Map<string, { readonly content: Uint8Array; readonly read: Read } | undefined>();
  readonly #folders = new Map<
    string,
    { readonly names: readonly FolderEntry[]; readonly read: Read } | undefined
  >();

  /** Read a file; `undefined` where there is none. Throws `recipe-outside` for a link that leads out of `root`. */
  read(path: string, root: string): Uint8Array | undefined {
    let found = this.#contents.get(path);
    if (found === undefined && !this.#contents.has(path)) {
      const content = this.#isInside(path, root) ? readOrNothing(path) : undefined;
      found = content && { content, read: { type: "file", path, hash: hashOf(content) } };
      this.#contents.set(path, found);
    }
    record(found?.read ?? { type: "absent", path });
    return found?.content;
  }

  /** Tell whether a path, with all links resolved, lies in a folder. Throws `recipe-outside` where it does not. */
  #isInside(path: string, root: string): boolean {
    const real = this.#realOf(path);
    if (real === undefined) return false;
    if (real.startsWith(`${this.#realOf(root)}/`)) return true;
    throw new CleaveError({
      code: "recipe-outside",
      message: `this is a link to ${quote(real)}, which lies outside of ${quote(root)}, the folder that the recipe belongs to`,
      hint: "put the file itself into that folder",
      location: { file: path },
    });
  }

  /** Resolve all links of a path, each folder once. */
  #realOf(path: string): string | undefined {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    const above = dirname(path) === path ? "" : this.#realOf(dirname(path));
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (above === undefined || stats === undefined) return undefined;
    const real = stats.isSymbolicLink()
      ? realOrNothing(path)
      : `${above === "/" ? "" : above}/${basename(path)}`;
    if (real !== undefined && stats.isDirectory()) this.#real.set(path, real);
    return real;
  }

  /** List a folder, ordered by names; `undefined` where there is none. */
  list(path: string): readonly FolderEntry[] | undefined {
    let found = this.#folders.get(path);
    if (found === undefined && !this.#folders.has(path)) {
      const names = listOrNothing(path);
      found = names && { names, read: { type: "folder", path, hash: hashOf(JSON.stringify(names)) } };
      this.#folders.set(path, found);
    }
    record(found?.read ?? { type: "absent", path });
    return found?.names;
  }
}

export type FolderEntry = { readonly name: string; readonly type: "file" | "folder" | "other" };

export function hashOf(content: Uint8Array | string): string {
  return formatHash(hashBytes("sha256", content), "base16");
}

function realOrNothing(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    return unlessMissing(error, path);
  }
}

function readOrNothing(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    return unlessMissing(error, path);
  }
}

function listOrNothing(path: string): readonly FolderEntry[] | undefined {
  try {
    return readdirSync(path, { withFileTypes: true })
      .map((each) => ({
        name: each.name,
        type: each.isFile()
          ? ("file" as const)
          : each.isDirectory()
            ? ("folder" as const)
            : ("other" as const),
      }))
      .sort((a, b) => compareText(a.name, b.name));
  } catch (error) {
    return unlessMissing(error, path);
  }
}

function unlessMissing(error: unknown, path: string): undefined {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (["ENOENT", "ENOTDIR", "EISDIR", "ELOOP"].includes(code)) return undefined;
  throw fileError(error, "read", path);
}
