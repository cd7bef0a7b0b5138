/**
 * Files, for scripts: short names, whole paths in errors, and no surprise. Paths are byte strings; relative ones start
 * from the work directory. Nothing here is asynchronous.
 */
import * as native from "cleave:native";
import * as os from "os";
import * as std from "std";
import { PhaseFailure } from "./failure.ts";
import { expandGlob, type GlobTree } from "./glob.ts";
import { rawText } from "./text.ts";

export type { Status } from "cleave:native";

/** A path below a folder that was walked. */
export type Entry = { readonly path: string; readonly status: native.Status };

/** Read a text file as a byte string: what is no UTF-8 in it is not lost when the text is written again. */
export function read(path: string): string {
  return native.decodeText(native.readFile(path));
}

/** Read the first bytes of a file, as characters U+0000 to U+00FF. */
export function readStart(path: string, length: number): string {
  const descriptor = os.open(path, os.O_RDONLY);
  if (descriptor < 0) throw new PhaseFailure(`cannot read ${path}: ${std.strerror(-descriptor)}`);
  try {
    const buffer = new ArrayBuffer(length);
    return rawText(new Uint8Array(buffer, 0, Math.max(0, os.read(descriptor, buffer, 0, length))));
  } finally {
    os.close(descriptor);
  }
}

export function readBytes(path: string): Uint8Array {
  return new Uint8Array(native.readFile(path));
}

/** Read a file of JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(read(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw new PhaseFailure(`${path} is not JSON: ${error.message}`);
    throw error;
  }
}

/** Write a whole file, with the folders that it needs. One that is there keeps its mode unless one is given. */
export function write(path: string, content: string | Uint8Array, mode?: number): void {
  makeFolder(parent(path));
  native.writeFile(path, content);
  if (mode !== undefined) native.chmod(path, mode);
}

export function writeJson(path: string, value: unknown): void {
  write(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Add to the end of a file, which is made where there is none. */
export function append(path: string, content: string): void {
  const before = native.lstat(path) === null ? new Uint8Array() : readBytes(path);
  const added = new Uint8Array(native.encodeText(content));
  const whole = new Uint8Array(before.length + added.length);
  whole.set(before);
  whole.set(added, before.length);
  write(path, whole);
}

/** Say whether there is something at a path, be it a symlink that leads nowhere. */
export function exists(path: string): boolean {
  return native.lstat(path) !== null;
}

/** Look at a path without following a symlink; `null` where there is nothing. */
export function status(path: string): native.Status | null {
  return native.lstat(path);
}

/** Say whether a path is a folder, or a symlink to one. */
export function isFolder(path: string): boolean {
  return (followed(path) & os.S_IFMT) === os.S_IFDIR;
}

/** Say whether a path is a file, or a symlink to one. */
export function isFile(path: string): boolean {
  return (followed(path) & os.S_IFMT) === os.S_IFREG;
}

function followed(path: string): number {
  return os.stat(path)[0]?.mode ?? 0;
}

/** Make a folder and those above it, where they are not there yet. */
export function makeFolder(path: string): void {
  if (path === "" || isFolder(path)) return;
  makeFolder(parent(path));
  native.mkdir(path);
}

/** Copy a file, or a symlink as it is, to a path, with its mode and with the folders that it needs. What is there is replaced. */
export function copy(from: string, to: string): void {
  const { type } = lookAt(from);
  if (type === "folder") throw new PhaseFailure(`${from} is a folder`, "copy it with copyTree");
  makeFolder(parent(to));
  if (exists(to)) native.unlink(to);
  if (type === "symlink") native.symlink(native.readlink(from), to);
  else native.copyFile(from, to);
}

/** Copy a file, symlink or folder with all in it to a path that is free, with modes, times and hard links. */
export function copyTree(from: string, to: string): void {
  lookAt(from);
  if (exists(to)) throw new PhaseFailure(`${to} is there already`, "remove it first");
  makeFolder(parent(to));
  native.copyTree(from, to);
}

/** Move a file, symlink or folder, to another file system too; makes the folders that it needs. */
export function move(from: string, to: string): void {
  lookAt(from);
  makeFolder(parent(to));
  try {
    native.rename(from, to);
  } catch (error) {
    if ((error as native.NativeError).code !== "EXDEV") throw error;
    if (exists(to)) native.unlink(to);
    native.copyTree(from, to);
    native.removeTree(from);
  }
}

/** Remove files, symlinks and folders with all in them; nothing happens where there is none. */
export function remove(...paths: readonly string[]): void {
  for (const path of paths) native.removeTree(path);
}

/** Make a symlink, with the folders that it needs. A symlink that is there is replaced. */
export function symlink(target: string, path: string): void {
  makeFolder(parent(path));
  if (native.lstat(path)?.type === "symlink") native.unlink(path);
  native.symlink(target, path);
}

export function readLink(path: string): string {
  return native.readlink(path);
}

export function setMode(path: string, mode: number): void {
  native.chmod(path, mode);
}

/** Set the times of one path to those of a status. */
export function setTime(path: string, { seconds, nanoseconds }: native.Status): void {
  native.setTime(path, seconds, nanoseconds);
}

/** List the names in a folder, ordered by bytes. */
export function list(path: string): string[] {
  return native.readFolder(path);
}

/** List everything below a folder: a folder before what is in it, names ordered by bytes. Symlinks are not followed. */
export function walk(path: string): Entry[] {
  const entries: Entry[] = [];
  const below = (folder: string) =>
    native
      .readFolder(folder)
      .map((name) => (folder === "." ? name : `${folder}/${name}`))
      .reverse();
  const waiting = below(path);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const status = native.lstat(next);
    if (status === null) continue;
    entries.push({ path: next, status });
    if (status.type === "folder") waiting.push(...below(next));
  }
  return entries;
}

const tree: GlobTree = {
  list: (folder) => (isFolder(folder) ? native.readFolder(folder) : []),
  exists,
  isFolder: (path, through) => (through ? isFolder(path) : native.lstat(path)?.type === "folder"),
};

/** Find the paths that match patterns, each once, in the order of the patterns. Fails where one matches nothing. */
export function glob(
  patterns: string | readonly string[],
  options: { readonly optional?: boolean } = {},
): string[] {
  const found = new Set<string>();
  for (const pattern of typeof patterns === "string" ? [patterns] : patterns) {
    const matches = expandGlob(pattern, tree);
    if (matches.length === 0 && options.optional !== true)
      throw new PhaseFailure(`nothing matches ${pattern}`, "mend the pattern, or say optional: true");
    for (const path of matches) found.add(path);
  }
  return [...found];
}

/** The folder that a path is in; empty for a name alone. */
export function parent(path: string): string {
  const trimmed = path.replace(/(?!^)\/+$/, "");
  const at = trimmed.lastIndexOf("/");
  return at < 0 ? "" : at === 0 ? "/" : trimmed.slice(0, at);
}

/** The last part of a path. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** The last part of a store path, without its hash part. */
export function storeName(path: string): string {
  return baseName(path).replace(/^[0-9a-z]{32}-/, "");
}

function lookAt(path: string): native.Status {
  const found = native.lstat(path);
  if (found === null) throw new PhaseFailure(`there is no ${path}`);
  return found;
}
