/**
 * Lists what is in a NAR while it streams by, as `nix nar ls` does, and takes single files out of it.
 *
 *     line  = [ mode " " size " " ] path [ " -> " target ] "\n"      (mode, size and target only when `long`)
 *     mode  = "-r--r--r--" | "-r-xr-xr-x" | "dr-xr-xr-x" | "lrwxrwxrwx"
 *     size  = decimal, right-aligned to 20 characters
 *
 * The JSON form is that of Nix 2.8: an object with `type`; `size`, `executable` (only if true) and `narOffset` of
 * files; `target` of symlinks; `entries` of folders, each `{}` where the listing does not go into it. It has no
 * newline at its end. Bytes that are not UTF-8 stand in it as they are.
 */
import type { Buffer } from "node:buffer";
import { CleaveError, decodeText, encodeText, quote } from "../../base/index.ts";
import type { NarEvent } from "./format.ts";
import { parseInTurns } from "./parser.ts";

export type ListOptions = {
  /** The path in the NAR: `/` and names with `/` between, a byte string; empty is `/`. */
  readonly path?: string;
  /** List folders in folders too. */
  readonly recursive?: boolean;
  readonly long?: boolean;
  readonly json?: boolean;
  /** Show a folder itself, and what is in it only if `recursive`; not with `json`. */
  readonly directory?: boolean;
};

/** Where a node is, seen from the one that is asked for. */
type Place = "elsewhere" | "above" | "asked for" | "below";

/** Hands on an event with the place of its node; entries and ends have that of their folder. */
type Located = (event: NarEvent, place: Place) => void;

/**
 * List a path of a NAR, as byte strings to print one after the other. Holds no more of the NAR than a chunk.
 * Throws what `parseNar` throws, and `nar-no-such-path`; what was listed before it is printed then.
 */
export async function* listNar(
  source: AsyncIterable<Uint8Array>,
  { path = "", recursive = false, long = false, json = false, directory = false }: ListOptions = {},
): AsyncGenerator<string> {
  const parts: string[] = [];
  const show = json ? jsonLister(recursive, parts) : textLister({ recursive, long, directory, path }, parts);
  for await (const _ of readPath(source, path, show)) yield parts.splice(0).join("");
}

/**
 * Give the contents of one file of a NAR, in chunks that are valid until the next is asked for.
 * Throws what `parseNar` throws, and `nar-no-such-path` for what is no file.
 */
export async function* readNarFile(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  const take: Located = (event, place) => {
    if (place !== "asked for") return;
    if (event.type === "contents") chunks.push(event.bytes);
    else if (event.type !== "regular")
      throw new CleaveError({
        code: "nar-no-such-path",
        message: `${quote(path)} is a ${event.type === "symlink" ? "symlink" : "folder"} in the NAR, not a file`,
      });
  };
  for await (const _ of readPath(source, path, take)) yield* chunks.splice(0);
}

/** Read a NAR and locate its events, a turn for each chunk. Throws `nar-no-such-path` where no node was asked for. */
async function* readPath(
  source: AsyncIterable<Uint8Array>,
  path: string,
  take: Located,
): AsyncGenerator<undefined> {
  if (path !== "" && !path.startsWith("/"))
    throw new CleaveError({
      code: "nar-no-such-path",
      message: `${quote(path)} is no path in a NAR, which begins with /`,
      hint: `write ${quote(`/${path}`)}`,
    });
  const wanted = path === "" || path === "/" ? [] : path.slice(1).split("/").map(encodeText);
  const folders: Place[] = [];
  let place: Place = wanted.length === 0 ? "asked for" : "above";
  let found = false;
  yield* parseInTurns(source, (event) => {
    const folder = folders.at(-1) ?? "elsewhere";
    if (event.type === "entry") {
      take(event, folder);
      place = placeOf(event.name, folder, folders.length, wanted);
      return;
    }
    if (event.type === "end") {
      take(event, folder);
      folders.pop();
      return;
    }
    if (event.type === "directory") folders.push(place);
    if (place === "asked for") found = true;
    take(event, place);
  });
  if (!found) throw new CleaveError({ code: "nar-no-such-path", message: `the NAR has no ${quote(path)}` });
}

/** Place an entry of a folder that is `depth` folders down, itself counted. */
function placeOf(name: Buffer, folder: Place, depth: number, wanted: readonly Buffer[]): Place {
  if (folder === "asked for") return "below";
  if (folder !== "above") return folder;
  if (wanted[depth - 1]?.equals(name) !== true) return "elsewhere";
  return depth === wanted.length ? "asked for" : "above";
}

/** List as `ls` does: a line each. */
function textLister(
  { recursive, long, directory, path }: Required<Omit<ListOptions, "json">>,
  parts: string[],
): Located {
  // The paths of the open folders from the one asked for on, as they are printed; the last is of the node.
  const paths: string[] = [];
  let name = "";
  const line = (mode: string, size: number, shown: string, target = "") =>
    parts.push(long ? `${mode} ${`${size}`.padStart(20)} ${shown}${target}\n` : `${shown}\n`);
  return (event, place) => {
    if (place === "elsewhere" || place === "above") return;
    const below = place === "below";
    // What is asked for and no folder is shown by its name.
    const shown = below ? `${paths.at(-1)}/${name}` : path.slice(path.lastIndexOf("/") + 1);
    const visible = below ? recursive || (!directory && paths.length === 1) : true;
    switch (event.type) {
      case "entry":
        name = decodeText(event.name);
        return;
      case "directory":
        if (below ? visible : directory) line("dr-xr-xr-x", 0, below ? shown : ".");
        paths.push(below ? shown : ".");
        return;
      case "end":
        paths.pop();
        return;
      case "regular":
        if (visible) line(event.executable ? "-r-xr-xr-x" : "-r--r--r--", event.size, shown);
        return;
      case "symlink":
        if (visible) line("lrwxrwxrwx", 0, shown, ` -> ${decodeText(event.target)}`);
        return;
      case "contents":
        return;
    }
  };
}

/** List as one JSON object. */
function jsonLister(recursive: boolean, parts: string[]): Located {
  /** How many folders are open from the one asked for on. */
  let depth = 0;
  let first = true;
  return (event, place) => {
    if (place === "elsewhere" || place === "above") return;
    switch (event.type) {
      case "entry":
        if (!recursive && depth > 1) return;
        parts.push(`${first ? "" : ","}${jsonString(event.name)}:`);
        first = false;
        if (!recursive) parts.push("{}");
        return;
      case "directory":
        depth += 1;
        if (!recursive && depth > 1) return;
        parts.push('{"type":"directory","entries":{');
        first = true;
        return;
      case "end":
        depth -= 1;
        if (!recursive && depth > 0) return;
        parts.push("}}");
        first = false;
        return;
      case "regular":
        if (!recursive && depth > 0) return;
        parts.push(
          `{"type":"regular","size":${event.size},${event.executable ? '"executable":true,' : ""}"narOffset":${event.offset}}`,
        );
        return;
      case "symlink":
        if (!recursive && depth > 0) return;
        parts.push(`{"type":"symlink","target":${jsonString(event.target)}}`);
        return;
      case "contents":
        return;
    }
  };
}

/** Write bytes as a JSON string, as Nix 2.8 does: only these are escaped. */
function jsonString(bytes: Buffer): string {
  const escapes: Readonly<Record<string, string>> = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
  };
  const text = decodeText(bytes).replaceAll(
    /["\\\0-\x1f]/g,
    (char) => escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${text}"`;
}
