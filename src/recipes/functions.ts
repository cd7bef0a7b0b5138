/** The functions of `cleave/recipe`, bound to the file that imports them. */

import { basename, dirname, extname, resolve } from "node:path";
import { getCallSites } from "node:util";
import { CleaveError, type Json, type Location, quote } from "../base/index.ts";
import type { NarTree } from "../nix/index.ts";
import { StoreFile, StoreTree } from "../package/index.ts";
import type { Bundles } from "./bundles.ts";
import type { Files } from "./files.ts";
import type { RecipeFunctions } from "./recipe.ts";

/** A file that calls, and what it may reach. */
export type Caller = {
  readonly file: string;
  readonly root: string;
  /** Translates a position in the code that runs to one in the file. */
  readonly locate?: (line: number, column: number) => Location;
};

export type World = { readonly files: Files; readonly bundles: Bundles };

/** Bind the functions to a file. */
export function functionsFor(caller: Caller, { files, bundles }: World): RecipeFunctions {
  const read = (path: string): { readonly place: string; readonly content: Uint8Array } => {
    const place = reach(caller, path);
    const content = files.read(place, caller.root);
    if (content === undefined) throw missing(caller, path, "file");
    return { place, content };
  };
  const readText = (path: string): string => {
    const { place, content } = read(path);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    } catch {
      throw new CleaveError({
        code: "recipe-file",
        message: `${quote(path)} is no text in UTF-8`,
        hint: "file() takes any bytes",
        location: { file: place },
      });
    }
  };
  const file = (path: string): StoreFile => {
    const { place, content } = read(path);
    return new StoreFile(basename(place), content);
  };
  const bundle = (path: string, kind: "phase" | "program"): StoreFile => {
    const { place } = read(path);
    return new StoreFile(`${basename(place, ".ts")}.js`, bundles.bundle({ file: place, kind }, caller.root));
  };
  return {
    file,
    script: (path) => (extname(String(path)) === ".ts" ? bundle(path, "phase") : file(path)),
    program: (path) => bundle(path, "program"),
    text: (name, content) => new StoreFile(String(name), new TextEncoder().encode(String(content))),
    directory: (path, filter = () => true) => {
      const found: Record<string, StoreFile> = {};
      const walk = (folder: string, prefix: string): void => {
        const entries = files.list(folder);
        if (entries === undefined) throw missing(caller, path, "folder");
        for (const { name, type } of entries) {
          const inside = `${prefix}${name}`;
          if (type === "folder") walk(`${folder}/${name}`, `${inside}/`);
          else if (type === "file" && filter(inside) === true) {
            checkName(name, folder);
            const content = files.read(`${folder}/${name}`, caller.root);
            if (content !== undefined) found[inside] = new StoreFile(name, content);
          }
        }
      };
      walk(reach(caller, path), "");
      return found;
    },
    tree: (path, filter = () => true) => {
      const walk = (folder: string, prefix: string): NarTree => {
        const entries = files.list(folder);
        if (entries === undefined) throw missing(caller, path, "folder");
        const tree = new Map<string, NarTree>();
        for (const { name, type } of entries) {
          const inside = `${prefix}${name}`;
          if (filter(inside) !== true) continue;
          checkName(name, folder);
          if (type === "folder") tree.set(name, walk(`${folder}/${name}`, `${inside}/`));
          else if (type === "other") throw notInTree(`${folder}/${name}`);
          else if (type === "link") {
            const target = files.readLink(`${folder}/${name}`);
            if (target !== undefined) tree.set(name, { type: "symlink", target });
          } else {
            const found = files.readWithMode(`${folder}/${name}`, caller.root);
            if (found !== undefined)
              tree.set(name, {
                type: "regular",
                executable: found.executable,
                contents: Uint8Array.from(found.content),
              });
          }
        }
        return { type: "directory", entries: tree };
      };
      const place = reach(caller, path);
      return new StoreTree(basename(place), walk(place, ""));
    },
    readText,
    readJson: (path) => parseJson(readText(path), resolve(dirname(caller.file), path)),
    exists: (path) => {
      const place = reach(caller, path);
      return files.read(place, caller.root) !== undefined;
    },
  };
}

/** Parse a file of JSON. Throws `recipe-file`. */
export function parseJson(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new CleaveError({
      code: "recipe-file",
      message: `this is no JSON: ${error instanceof Error ? error.message : String(error)}`,
      hint: "mend the file",
      location: { file },
    });
  }
}

/** Find the place of a path that a file names. Throws `recipe-outside`. */
export function reach(caller: Caller, path: string): string {
  const { file, root } = caller;
  if (typeof path !== "string" || path === "" || path.startsWith("/") || path.includes("\0"))
    throw new CleaveError({
      code: "recipe-outside",
      message: `${quote(String(path))} is no path relative to the file that names it`,
      hint: "such as ./fix.patch",
      location: placeOf(caller),
    });
  const place = resolve(dirname(file), path);
  if (place.startsWith(`${root}/`)) return place;
  throw new CleaveError({
    code: "recipe-outside",
    message: `${quote(path)} lies outside of ${quote(root)}, the folder that this recipe belongs to`,
    hint: "put what recipes share into that folder",
    location: placeOf(caller),
  });
}

function notInTree(file: string): CleaveError {
  return new CleaveError({
    code: "recipe-file",
    message: "a tree takes files, folders and links, and this is none of them",
    hint: "leave it out with a filter: tree(path, (name) => …)",
    location: { file },
  });
}

/** Refuse what no recipe could name. */
function checkName(name: string, folder: string): void {
  if (!/[\udc80-\udcff]/u.test(name)) return;
  throw new CleaveError({
    code: "recipe-file",
    message: "the name of this file is not UTF-8",
    hint: "call it otherwise, or leave it out with a filter",
    location: { file: `${folder}/${name}` },
  });
}

function missing(caller: Caller, path: string, what: string): CleaveError {
  return new CleaveError({
    code: "recipe-file",
    message: `there is no ${what} ${quote(path)}`,
    hint: "paths are relative to the file that names them",
    location: placeOf(caller),
  });
}

/** Find where the file calls: the nearest code that the runtime knows by no name. */
function placeOf({ file, locate }: Caller): Location {
  const site = getCallSites(16).find(({ scriptName }) => scriptName === "");
  return (site && locate?.(site.lineNumber, site.columnNumber)) ?? { file };
}
