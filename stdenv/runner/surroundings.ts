/**
 * What can be written in a sandbox besides work tree, outputs and build folder: `/tmp` and `/dev/shm` everywhere, `/`, `/etc`
 * and `/dev` in some. It is looked at once, and put back after every phase.
 */
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readFolder,
  readlink,
  removeTree,
  setTime,
  symlink,
  writeFile,
} from "cleave:native";
import { mountsOf } from "./mounts.ts";
import { buildFolder, clockBase, storeFolder } from "./places.ts";

type Content =
  | { readonly type: "folder"; readonly mode: number; readonly entries: ReadonlyMap<string, Content> }
  | { readonly type: "file"; readonly mode: number; readonly bytes: ArrayBuffer }
  | { readonly type: "symlink"; readonly target: string }
  /** Nothing that a phase could change unseen. */
  | { readonly type: "other" };

/** What is on each file system that can be written to, by where it is mounted. */
export type Surroundings = ReadonlyMap<string, Content>;

/** The longest file that is put back; longer ones are not made for a sandbox. */
const longest = 1 << 20;

/** Has its own rules (`cleanse.ts`), or belongs to the kernel. */
const skipped = ["/proc", "/sys", "/dev/pts", buildFolder, storeFolder];

/** Remember what is there. */
export function observeSurroundings(): Surroundings {
  const mounts = mountsOf();
  const observe = (path: string): Content => {
    const status = lstat(path);
    if (status?.type === "folder") {
      const names = tolerate(() => readFolder(path)) ?? [];
      const inside = names
        .map((name) => [name, join(path, name)] as const)
        .map(([name, each]): [string, Content] => [
          name,
          mounts.has(each) || skipped.includes(each) ? { type: "other" } : observe(each),
        ]);
      return { type: "folder", mode: status.mode, entries: new Map(inside) };
    }
    if (status?.type === "symlink") return { type: "symlink", target: readlink(path) };
    const bytes =
      status?.type === "file" && status.size <= longest ? tolerate(() => readFile(path)) : undefined;
    return status !== null && bytes !== undefined
      ? { type: "file", mode: status.mode, bytes }
      : { type: "other" };
  };
  const places = [...mounts]
    .filter(([place, writable]) => writable && !skipped.some((each) => isWithin(place, each)))
    .map(([place]) => place);
  return new Map(places.map((place) => [place, observe(place)]));
}

/** Put everything back: what is new goes, what is gone or changed comes again. Times become the start of the phase clock. */
export function putBack(surroundings: Surroundings): void {
  for (const [path, content] of surroundings) restore(path, content);
}

function restore(path: string, content: Content): void {
  if (content.type === "folder") restoreFolder(path, content);
  else if (content.type === "symlink") restoreSymlink(path, content.target);
  else if (content.type === "file") restoreFile(path, content.bytes);
  else return;
  if (content.type !== "symlink" && lstat(path)?.mode !== content.mode)
    tolerate(() => chmod(path, content.mode));
  tolerate(() => setTime(path, clockBase, 0));
}

function restoreFolder(path: string, { mode, entries }: Content & { readonly type: "folder" }): void {
  if (lstat(path)?.type !== "folder") {
    removeTree(path);
    mkdir(path);
  }
  // A phase may have closed it; where that is none of our folders, it could not put anything there either.
  if (lstat(path)?.mode !== mode) tolerate(() => chmod(path, mode));
  for (const name of tolerate(() => readFolder(path)) ?? [])
    if (!entries.has(name)) removeTree(join(path, name));
  for (const [name, content] of entries) restore(join(path, name), content);
}

function restoreSymlink(path: string, target: string): void {
  if (lstat(path)?.type === "symlink" && readlink(path) === target) return;
  removeTree(path);
  symlink(target, path);
}

function restoreFile(path: string, bytes: ArrayBuffer): void {
  const found = lstat(path)?.type === "file" ? tolerate(() => readFile(path)) : undefined;
  if (found !== undefined && sameBytes(found, bytes)) return;
  removeTree(path);
  writeFile(path, bytes);
}

function sameBytes(a: ArrayBuffer, b: ArrayBuffer): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const left = new Uint8Array(a);
  const right = new Uint8Array(b);
  return left.every((byte, at) => byte === right[at]);
}

/** Run what may be forbidden, where a phase is forbidden the same; `undefined` if it is. */
function tolerate<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code === "EPERM" || code === "EACCES" || code === "EROFS") return undefined;
    throw error;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function join(folder: string, name: string): string {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}
