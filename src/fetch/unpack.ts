/**
 * Unpacks archives. Nothing is at the destination before all of it is: the tree is made beside it and renamed. After
 * a failure nothing is left, after a kill the tree beside it (`.cleave-*.unpack`).
 */
import { randomBytes } from "node:crypto";
import { lstatSync, renameSync, rmSync } from "node:fs";
import { constants, type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CleaveError, type Emit, encodeText, quote } from "../base/index.ts";
import { type Compression, openTar } from "./archive/decompress.ts";
import { defaultLimits, type Limits } from "./archive/entry.ts";
import { refused } from "./archive/malformed.ts";
import { readTar } from "./archive/tar.ts";
import { guard, makeTree, type Tree } from "./archive/tree.ts";
import { isZip, readZip, type ZipOptions } from "./archive/zip.ts";

export type UnpackRequest = {
  /** The archive's path. */
  readonly archive: string;
  /** What errors and progress call it; its path where it says nothing. */
  readonly shownAs?: string;
  /** What it makes: a folder that is not there yet, in one that is. */
  readonly destination: string;
  readonly limits?: Partial<Limits>;
  readonly emit?: Emit;
  readonly signal?: AbortSignal | undefined;
};

export type Unpacked = {
  readonly format: "tar" | "zip";
  readonly compression: Compression;
  /** Files, folders and links. */
  readonly entries: number;
  /** Of all files. */
  readonly bytes: number;
};

/** Unpack a tar archive, plain or compressed, or a zip archive. Throws the `archive-` errors. */
export async function unpack(request: UnpackRequest): Promise<Unpacked> {
  return await unpackTo(request, () => "");
}

/**
 * Unpack as Nix's `builtin:unpack-channel` does: the archive has one entry at its top, which becomes
 * `destination/channelName`. Throws the `archive-` errors.
 */
export async function unpackChannel(
  request: UnpackRequest & { readonly channelName: string },
): Promise<Unpacked> {
  const { channelName } = request;
  if (!/^[^/\0]+$/.test(channelName) || channelName === "." || channelName === "..")
    throw new CleaveError({
      code: "archive-unpack",
      message: `${quote(channelName)} cannot be the name of a channel`,
      hint: "a channel's name is the name of one folder",
    });
  return await unpackTo(request, (tree, root) => {
    const [only, ...others] = tree.top();
    if (only === undefined || others.length > 0)
      throw refused(
        `the archive of a channel has ${only === undefined ? "nothing" : `${others.length + 1} entries`} at its top, where one is wanted`,
      );
    guard(channelName, () => renameSync(encodeText(`${root}/${only}`), encodeText(`${root}/${channelName}`)));
  });
}

async function unpackTo(
  { archive, shownAs = archive, destination, limits, emit, signal }: UnpackRequest,
  arrange: (tree: Tree, root: string) => void,
): Promise<Unpacked> {
  if (guard(destination, () => lstatSync(encodeText(destination), { throwIfNoEntry: false })) !== undefined)
    throw new CleaveError({
      code: "archive-unpack",
      message: `${quote(destination)} is there already`,
      hint: "name a place that is not there yet",
    });
  const root = join(dirname(destination), `.cleave-${randomBytes(8).toString("hex")}.unpack`);
  const file = await openArchive(archive, shownAs);
  try {
    const all: Limits = { ...defaultLimits, ...limits };
    const tree = guard(destination, () => makeTree(root, all));
    const progress: ZipOptions["progress"] = (done, total) => {
      signal?.throwIfAborted();
      emit?.({ type: "progress", what: `unpacking ${quote(shownAs)}`, done, total });
    };
    const kind = await readInto(tree, file, { progress, mostEntries: all.entries });
    tree.finish();
    arrange(tree, root);
    guard(destination, () => renameSync(encodeText(root), encodeText(destination)));
    return { ...kind, entries: tree.entries(), bytes: tree.bytes() };
  } catch (error) {
    try {
      rmSync(encodeText(root), { recursive: true, force: true });
    } catch {
      // Where the folder lets nothing be made, nothing is there that could be taken away.
    }
    // What is wrong with the destination is not in the archive.
    if (error instanceof CleaveError && error.code !== "archive-unpack") throw error.at({ file: shownAs });
    throw error;
  } finally {
    await file.close();
  }
}

/** Open a regular file; a pipe is not waited for. Throws `archive-unpack`, `archive-malformed`. */
async function openArchive(archive: string, shownAs: string): Promise<FileHandle> {
  const file = await open(encodeText(archive), constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (cause: unknown) => {
      throw new CleaveError({
        code: "archive-unpack",
        message: `the archive ${quote(shownAs)} cannot be read`,
        cause,
      });
    },
  );
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw new CleaveError({
    code: "archive-malformed",
    message: `this is ${stats.isDirectory() ? "a folder" : "a pipe or a device"}, and an archive is a file`,
    hint: stats.isDirectory()
      ? "name the archive itself"
      : "cleave unpack reads standard input where the archive is called -",
    location: { file: shownAs },
  });
}

async function readInto(
  tree: Tree,
  file: FileHandle,
  options: ZipOptions,
): Promise<Pick<Unpacked, "format" | "compression">> {
  const { size } = await file.stat();
  if (await isZip(file)) {
    for await (const entry of readZip(file, size, options)) await tree.add(entry);
    return { format: "zip", compression: "none" };
  }
  const { reader, compression } = await openTar(chunksOf(file, size, options.progress));
  for await (const entry of readTar(reader)) await tree.add(entry);
  return { format: "tar", compression };
}

async function* chunksOf(
  file: FileHandle,
  size: number,
  progress: ZipOptions["progress"],
): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(2 ** 18), 0, 2 ** 18, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    progress(at, size);
    yield buffer.subarray(0, bytesRead);
  }
}
