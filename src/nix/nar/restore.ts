import { randomBytes } from "node:crypto";
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
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
import type { NarEvent } from "./format.ts";
import { parseNar } from "./parser.ts";
import { removeTree } from "./remove.ts";

/** Makes the tree that the events of a NAR tell. */
export type TreeWriter = {
  /** Take the next event of a parser. Throws `file-failed`. */
  readonly write: (event: NarEvent) => void;
  /** Close what is open; to be called in any case, whole or not. Takes nothing away. */
  readonly close: () => void;
};

/**
 * Make a tree at a path, a byte string, where nothing is yet: files 0666, or 0777 if they are executable, and
 * folders 0777, less the umask. Messages call the path `shown`.
 *
 * Nothing is written outside: a parser gives names that are one step down and never twice in a folder, so that
 * every step goes into a folder that was made here, and files are made only where nothing is.
 */
export function treeWriter(path: string, shown: string = path): TreeWriter {
  const root = systemPath(toRaw(path));
  let descent: Descent | undefined;
  /** The raw names of the open folders below the root, and of the entry that is made. */
  const names: string[] = [];
  let name = "";
  let file: { readonly fd: number; remaining: number } | undefined;
  const here = () => (descent === undefined ? root : pathIn(descent, name));

  function closeFile(): void {
    if (file === undefined) return;
    const { fd } = file;
    file = undefined;
    closeSync(fd);
  }

  function write(event: NarEvent): void {
    switch (event.type) {
      case "directory":
        mkdirSync(here());
        if (descent === undefined) descent = startDescent(toRaw(path));
        else {
          enterFolder(descent, name);
          names.push(name);
        }
        name = "";
        return;
      case "entry":
        name = event.name.toString("latin1");
        return;
      case "end":
        if (descent !== undefined && names.pop() !== undefined) leaveFolder(descent);
        return;
      case "regular":
        // "wx" takes nothing that exists, nor a symlink to nowhere.
        file = { fd: openSync(here(), "wx", event.executable ? 0o777 : 0o666), remaining: event.size };
        if (event.size === 0) closeFile();
        return;
      case "contents": {
        if (file === undefined) throw new Error("contents came without their file");
        for (let at = 0; at < event.bytes.length; )
          at += writeSync(file.fd, event.bytes, at, event.bytes.length - at);
        file.remaining -= event.bytes.length;
        if (file.remaining === 0) closeFile();
        return;
      }
      case "symlink":
        symlinkSync(event.target, here());
        return;
    }
  }

  return {
    write: (event) => {
      try {
        write(event);
      } catch (error) {
        throw fileError(error, "write the file", describePath(shown, [...names, name]));
      }
    },
    close: () => {
      closeFile();
      if (descent !== undefined) endDescent(descent);
      descent = undefined;
    },
  };
}

/**
 * Make the tree that a NAR holds at `target`, a byte string, where nothing may be; gives the size of the NAR.
 * Throws what `parseNar` throws, `nar-target-exists`, `file-failed`, and the reason of `signal`.
 *
 * The tree grows beside the target under a name that nobody has, and is moved when it is whole. Killed before that,
 * the target is untouched and `.cleave-restore-…` stays beside it; killed after, all is done. Nothing is forced to
 * the disk: after a power cut files may be short.
 */
export async function restorePath(
  target: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const to = target.replace(/(?<=.)\/+$/, "");
  if (exists(to)) throw targetExists(target);
  const growing = `${to.slice(0, to.lastIndexOf("/") + 1)}.cleave-restore-${randomBytes(8).toString("hex")}`;
  const writer = treeWriter(growing, to);
  let kind: NarEvent["type"] | undefined;
  try {
    const size = await parseNar(interruptible(source, signal), (event) => {
      kind ??= event.type;
      writer.write(event);
    });
    writer.close();
    publish(growing, to, kind === "directory");
    return size;
  } catch (error) {
    writer.close();
    try {
      removeTree(growing);
    } catch (leftOver) {
      throw new AggregateError(
        [error, leftOver],
        "a restore failed, and what it had made cannot be taken away",
      );
    }
    throw error;
  }
}

function publish(from: string, to: string, isFolder: boolean): void {
  const source = systemPath(toRaw(from));
  const target = systemPath(toRaw(to));
  try {
    if (isFolder) {
      // Fails where something is, but for an empty folder that was made in the meantime: that is replaced.
      renameSync(source, target);
      return;
    }
    // A rename would replace what was made in the meantime; a link does not.
    linkSync(source, target);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" || code === "ENOTEMPTY" || code === "ENOTDIR") throw targetExists(to);
    if (isFolder || (code !== "EPERM" && code !== "ENOTSUP")) throw fileError(error, "make the file", to);
    // A file system without hard links.
    if (exists(to)) throw targetExists(to);
    renameSync(source, target);
    return;
  }
  unlinkSync(source);
}

function exists(path: string): boolean {
  try {
    return lstatSync(systemPath(toRaw(path)), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw fileError(error, "look for the file", path);
  }
}

function targetExists(target: string): CleaveError {
  return new CleaveError({
    code: "nar-target-exists",
    message: "there is something where the tree is to be restored",
    hint: "name a path that does not exist, or move away what is there",
    location: { file: target },
  });
}

async function* interruptible(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal?.throwIfAborted();
    yield chunk;
  }
  signal?.throwIfAborted();
}
