/** Reads files of source folders, each once in a process, and records what was read. */
import { readdirSync, readFileSync } from "node:fs";
import { compareText, fileError } from "../base/index.ts";
import { formatHash, hashBytes } from "../nix/index.ts";
import { type Read, record } from "./trace.ts";

/** The files as they were when they were first read. */
export class Files {
  readonly #contents = new Map<string, { readonly content: Uint8Array; readonly read: Read } | undefined>();
  readonly #folders = new Map<
    string,
    { readonly names: readonly FolderEntry[]; readonly read: Read } | undefined
  >();

  /** Read a file; `undefined` where there is none. */
  read(path: string): Uint8Array | undefined {
    let found = this.#contents.get(path);
    if (found === undefined && !this.#contents.has(path)) {
      const content = readOrNothing(path);
      found = content && { content, read: { type: "file", path, hash: hashOf(content) } };
      this.#contents.set(path, found);
    }
    record(found?.read ?? { type: "absent", path });
    return found?.content;
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
  if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) return undefined;
  throw fileError(error, "read", path);
}
