/**
 * Bundles scripts, and keeps the bundles: in memory, and in a folder if there is one.
 *
 * A kept bundle is a JSON file, named by the place of its script and cleave's version, which lists what went into it with
 * hashes; it counts while all of these are the same. It is written to a temporary name and renamed, so that no process
 * sees half of it.
 */
import { mkdirSync, readFileSync, realpathSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CleaveError, quote } from "../base/index.ts";
import { type BundleRequest, bundleScript } from "../package/index.ts";
import { stdenvFolder } from "../package/stdenv-folder.ts";
import { type Files, hashOf } from "./files.ts";
import { recordAll, Trace, tracing } from "./trace.ts";
import { evaluationVersion } from "./version.ts";

type Kept = { readonly files: Readonly<Record<string, string>>; readonly content: string };
type Made = { readonly content: Uint8Array; readonly trace: Trace };

export class Bundles {
  readonly #files: Files;
  readonly #folder: string | undefined;
  readonly #made = new Map<string, Made>();

  constructor(files: Files, folder: string | undefined) {
    this.#files = files;
    this.#folder = folder;
  }

  /**
   * Bundle a script of a source folder; what went into it is recorded as read. Throws `script-invalid`, and `recipe-outside` for
   * what it imports from elsewhere.
   */
  bundle(request: BundleRequest, root: string): Uint8Array {
    const key = `${request.kind} ${request.file}`;
    let made = this.#made.get(key);
    if (made === undefined) {
      const trace = new Trace();
      const content = tracing(trace, () => this.#kept(key) ?? this.#make(request, key));
      made = { content, trace };
      this.#made.set(key, made);
    }
    recordAll(made.trace);
    checkInside(request.file, made.trace, root);
    return made.content;
  }

  #kept(key: string): Uint8Array | undefined {
    if (this.#folder === undefined) return undefined;
    try {
      const { files, content } = JSON.parse(readFileSync(this.#place(key), "utf8")) as Kept;
      const isSame = Object.entries(files).every(([path, hash]) => {
        const now = this.#files.read(path, "/");
        return now !== undefined && hashOf(now) === hash;
      });
      return isSame ? Buffer.from(content) : undefined;
    } catch {
      // Not there, or not whole: it is made anew.
      return undefined;
    }
  }

  #make(request: BundleRequest, key: string): Uint8Array {
    const { content, files } = bundleScript(request);
    const hashes: Record<string, string> = {};
    for (const path of [...files].sort()) {
      const read = this.#files.read(path, "/");
      if (read !== undefined) hashes[path] = hashOf(read);
    }
    this.#keep(key, { files: hashes, content: Buffer.from(content).toString() });
    return content;
  }

  /** Keep a bundle. Failing to do so, as in a home that is read-only or full, loses time and nothing else. */
  #keep(key: string, kept: Kept): void {
    if (this.#folder === undefined) return;
    const place = this.#place(key);
    const temporary = `${place}.${process.pid}`;
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(temporary, JSON.stringify(kept));
      renameSync(temporary, place);
    } catch {
      try {
        unlinkSync(temporary);
      } catch {
        // It was not even begun.
      }
    }
  }

  #place(key: string): string {
    return join(this.#folder ?? "", `${hashOf(`${evaluationVersion()} ${key}`).slice(0, 32)}.json`);
  }
}

function checkInside(script: string, { reads }: Trace, root: string): void {
  const folders = [`${realpathSync(root)}/`, `${stdenvFolder}/`];
  for (const { path } of reads)
    if (!folders.some((each) => path.startsWith(each)))
      throw new CleaveError({
        code: "recipe-outside",
        message: `the script ${basename(script)} imports ${quote(path)}, which lies outside of ${quote(root)}, the folder that the recipe belongs to`,
        hint: "put what scripts share into that folder",
        location: { file: script },
      });
}
