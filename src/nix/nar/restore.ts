import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { CleaveError, fileError } from "../../base/index.ts";
import { describePath, systemPath, toRaw } from "./descent.ts";
import type { NarEvent } from "./format.ts";
import { parseNar } from "./parser.ts";
import { removeTree } from "./remove.ts";
import { treeWriter } from "./tree-writer.ts";

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
  const writer = treeWriter(growing);
  let kind: NarEvent["type"] | undefined;
  try {
    const size = await parseNar(interruptible(source, signal), (event) => {
      kind ??= event.type;
      try {
        writer.write(event);
      } catch (error) {
        throw fileError(error, "write the file", describePath(to, writer.way()));
      }
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
