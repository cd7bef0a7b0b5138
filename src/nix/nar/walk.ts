/**
 * Walks a path on disk and writes it as a NAR into blocks of memory that the caller brings.
 *
 * System calls are synchronous: with four to a small file (open, fstat, read, close), a promise for each would cost
 * more than the call. The state is plain data and holds open files by number, so that another thread of the
 * process can go on with it between two blocks (`walk-worker.ts`).
 */
import type { Buffer } from "node:buffer";
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { CleaveError, fileError } from "../../base/index.ts";
import {
  type Descent,
  describePath,
  endDescent,
  enterFolder,
  leaveFolder,
  pathIn,
  startDescent,
  systemPath,
  toRaw,
} from "./descent.ts";
import { encoder, mostAtOnce } from "./encode.ts";

const kindFile = 0;
export const kindFolder = 1;
const kindSymlink = 2;
const kindOther = 3;

/** A folder whose entries are being written. Names are raw (`descent.ts`), in order. */
export type Folder = {
  readonly name: string;
  readonly names: readonly string[];
  readonly kinds: readonly number[];
  next: number;
};

/** A file whose contents are being written. */
export type OpenFile = {
  readonly fd: number;
  readonly name: string;
  readonly size: number;
  readonly changed: number;
  remaining: number;
};

export type Walk = {
  /** The path as the caller named it, for messages. */
  readonly root: string;
  /** A `part` has the entries of its first folder, but neither its beginning nor its end. */
  stage: "root" | "inside" | "part" | "done";
  readonly folders: Folder[];
  descent: Descent | undefined;
  file: OpenFile | undefined;
  /** How many nodes were begun. */
  nodes: number;
};

/** Begin to walk a path, a byte string. Nothing is read yet. */
export function startWalk(root: string): Walk {
  return { root, stage: "root", folders: [], descent: undefined, file: undefined, nodes: 0 };
}

/** Close what a walk has open; the walk is of no use after that. */
export function endWalk(walk: Walk): void {
  if (walk.file !== undefined) closeSync(walk.file.fd);
  walk.file = undefined;
  if (walk.descent !== undefined) endDescent(walk.descent);
  walk.descent = undefined;
  walk.stage = "done";
}

/** How many entries a folder is expected to have before it is read. */
const entriesOfFolder = 4;

/** Say how many nodes a walk will have had at least, as far as it has seen. */
export function expectedNodes({ nodes, folders }: Walk): number {
  let expected = nodes;
  for (const { kinds, next } of folders)
    for (let at = next; at < kinds.length; at += 1)
      expected += kinds[at] === kindFolder ? entriesOfFolder : 1;
  return expected;
}

/**
 * Write the next part of the NAR into a block of 64 KiB or more; gives how many bytes it has, 0 after the end.
 * With `depth` it stops where no more than as many folders are open, and gives 0 there.
 * Throws `file-failed`, `nar-unsupported-file`, `nar-file-changed`.
 */
export function fillBlock(walk: Walk, block: Buffer, depth = 0): number {
  let at = 0;
  if (walk.stage === "root") {
    walk.stage = "inside";
    at = putRoot(walk, block, encoder.magic(block, at));
  }
  while (walk.stage !== "done") {
    if (walk.file !== undefined) {
      at = putContents(walk, walk.file, block, at);
      if (walk.file.remaining > 0 || at + mostAtOnce > block.length) return at;
      at = endFile(walk, walk.file, block, at);
    }
    if (at + mostAtOnce > block.length || (depth > 0 && walk.folders.length <= depth)) return at;
    const folder = walk.folders.at(-1);
    if (folder === undefined || walk.descent === undefined) {
      endWalk(walk);
      return at;
    }
    const name = folder.names[folder.next];
    if (name === undefined) {
      walk.folders.pop();
      if (walk.stage === "part" && walk.folders.length === 0) continue;
      if (walk.folders.length > 0) leaveFolder(walk.descent);
      at = endNode(walk, block, at);
      continue;
    }
    const kind = folder.kinds[folder.next] ?? kindOther;
    folder.next += 1;
    at = encoder.entry(block, at, name);
    at = putNode(walk, { name, path: pathIn(walk.descent, name), kind }, block, at);
  }
  return at;
}

type Node = { readonly name: string; readonly path: string | Buffer; readonly kind: number };

function putRoot(walk: Walk, block: Buffer, at: number): number {
  const raw = toRaw(walk.root);
  const path = systemPath(raw);
  let stats: Stats;
  try {
    stats = lstatSync(path);
  } catch (error) {
    throw fileError(error, "read the file", walk.root);
  }
  const kind = stats.isFile()
    ? kindFile
    : stats.isDirectory()
      ? kindFolder
      : stats.isSymbolicLink()
        ? kindSymlink
        : kindOther;
  return putNode(walk, { name: "", path, kind }, block, at);
}

/** Write a node, or for a folder and a large file its beginning. */
function putNode(walk: Walk, node: Node, block: Buffer, at: number): number {
  walk.nodes += 1;
  try {
    switch (node.kind) {
      case kindFile:
        return putFile(walk, node, block, at);
      case kindFolder: {
        const folder = readFolder(node);
        if (walk.descent === undefined) walk.descent = startDescent(toRaw(walk.root));
        else enterFolder(walk.descent, node.name);
        walk.folders.push(folder);
        return encoder.directory(block, at);
      }
      case kindSymlink: {
        const target = readlinkSync(node.path, { encoding: "buffer" });
        return endNode(walk, block, encoder.symlink(block, at, target));
      }
      default:
        throw new CleaveError({
          code: "nar-unsupported-file",
          message: "the file is neither a regular file nor a folder nor a symlink",
          hint: "sockets, pipes and devices cannot be in the store; take it out of the tree",
          location: { file: describe(walk, node.name) },
        });
    }
  } catch (error) {
    const vanished =
      walk.nodes > 1 &&
      error instanceof Error &&
      "code" in error &&
      ["ENOENT", "ENOTDIR", "ELOOP", "EINVAL"].includes(String(error.code));
    throw vanished
      ? changed(walk, node.name, "it is gone, or is another kind of file")
      : fileError(error, "read the file", describe(walk, node.name));
  }
}

function putFile(walk: Walk, { path, name }: Node, block: Buffer, start: number): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  let kept = false;
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw changed(walk, name, "it is another kind of file");
    const { size } = stats;
    let at = encoder.regular(block, start, (stats.mode & constants.S_IXUSR) !== 0, size);
    if (at + size + mostAtOnce > block.length) {
      kept = true;
      walk.file = { fd, name, size, changed: stats.mtimeMs, remaining: size };
      return at;
    }
    // One byte more is asked for, to see a file that grew without another call.
    const end = at + size;
    while (at < end) {
      const read = readSync(fd, block, at, end - at + 1, null);
      if (read === 0) break;
      at += read;
    }
    if (at !== end) throw changed(walk, name, at < end ? "it became shorter" : "it became longer");
    return endNode(walk, block, encoder.padding(block, at, size));
  } finally {
    if (!kept) closeSync(fd);
  }
}

/** Write contents until the file or the block ends. */
function putContents(walk: Walk, file: OpenFile, block: Buffer, start: number): number {
  let at = start;
  while (file.remaining > 0 && at < block.length) {
    let read: number;
    try {
      read = readSync(file.fd, block, at, Math.min(file.remaining, block.length - at), null);
    } catch (error) {
      throw fileError(error, "read the file", describe(walk, file.name));
    }
    countRead(walk, file, read);
    at += read;
  }
  return at;
}

/** Take note that `read` bytes more of the contents were read. Throws `nar-file-changed` where that is none. */
export function countRead(walk: Walk, file: OpenFile, read: number): void {
  if (read === 0) throw changed(walk, file.name, "it became shorter");
  file.remaining -= read;
}

function endFile(walk: Walk, file: OpenFile, block: Buffer, at: number): number {
  const { size, mtimeMs } = fstatSync(file.fd);
  walk.file = undefined;
  closeSync(file.fd);
  if (size !== file.size || mtimeMs !== file.changed) throw changed(walk, file.name, "it was written to");
  return endNode(walk, block, encoder.padding(block, at, size));
}

/** Close a node, and the entry around it if there is one. */
function endNode(walk: Walk, block: Buffer, at: number): number {
  const end = encoder.close(block, at);
  return walk.folders.length > 0 ? encoder.close(block, end) : end;
}

function readFolder({ name, path }: Node): Folder {
  const entries: Dirent[] = readdirSync(path, { encoding: "latin1", withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    name,
    names: entries.map((entry) => entry.name),
    kinds: entries.map((entry) =>
      entry.isFile()
        ? kindFile
        : entry.isDirectory()
          ? kindFolder
          : entry.isSymbolicLink()
            ? kindSymlink
            : kindOther,
    ),
    next: 0,
  };
}

function changed(walk: Walk, name: string, how: string): CleaveError {
  return new CleaveError({
    code: "nar-file-changed",
    message: `the file changed while it was read: ${how}`,
    hint: "try again when nothing writes to it",
    location: { file: describe(walk, name) },
  });
}

/** Write the path of an entry of the innermost folder for a message. */
export function describe(walk: Walk, name: string): string {
  return describePath(walk.root, [...walk.folders.map((folder) => folder.name), name]);
}
