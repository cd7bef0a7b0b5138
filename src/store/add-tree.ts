import { closeSync, openSync, writeSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import {
  checkStorePathName,
  dumpPath,
  equalHash,
  hashPath,
  makeFixedOutputPath,
  makeHasher,
  type StorePath,
} from "../nix/index.ts";
import { addContent } from "./add-nar.ts";
import { finishFile } from "./canonical.ts";
import { hashFile } from "./hash-file.ts";
import { realPathOf } from "./layout.ts";
import { makeValid } from "./make-valid.ts";
import type { NewPath } from "./path-info.ts";
import { restoreNar } from "./restore.ts";
import type { State } from "./state.ts";
import type { AddTreeOptions } from "./store.ts";

/** How much of a NAR is kept in memory, so that what is small is read only once. */
const mostInMemory = 4 * 2 ** 20;

/** See `Store.addTree`. */
export async function addTree(state: State, source: string, options: AddTreeOptions): Promise<StorePath> {
  checkStorePathName(options.name);
  if (options.method === "flat") return await addFlat(state, source, options);
  // Where no path has the name, the tree cannot be there: it is copied while it is hashed.
  if (!state.database.hasName(options.name)) return await addContent(state, dumpPath(source), options);
  return await addRecursive(state, source, options);
}

/**
 * Add a tree that may be there already: it is hashed first. What is copied then is hashed again on the way: a source
 * that changes in between cannot come into the store under a wrong path.
 */
async function addRecursive(
  state: State,
  source: string,
  { name, algorithm = "sha256", signal }: AddTreeOptions,
): Promise<StorePath> {
  const own = algorithm === "sha256" ? undefined : makeHasher(algorithm);
  let size = 0;
  let kept: Buffer[] | undefined = [];
  const { hash: narHash, size: narSize } = await hashPath(source, {
    each: (block) => {
      signal?.throwIfAborted();
      own?.update(block);
      size += block.length;
      if (size > mostInMemory) kept = undefined;
      kept?.push(Buffer.from(block));
    },
  });
  const hash = own?.finish() ?? narHash;
  const path = makeFixedOutputPath(name, "recursive", hash);
  const make = async (): Promise<NewPath[]> => {
    const copied = await restoreNar(realPathOf(state.layout, path), kept ?? dumpPath(source), { signal });
    if (!equalHash(copied.hash, narHash)) throw sourceChanged(source);
    return [{ path, narHash, narSize, references: [], contentAddress: { method: "recursive", hash } }];
  };
  await makeValid(state, [path], make, signal);
  return path;
}

async function addFlat(
  state: State,
  source: string,
  { name, algorithm = "sha256", signal }: AddTreeOptions,
): Promise<StorePath> {
  const hash = await hashFile(source, algorithm, { signal });
  const path = makeFixedOutputPath(name, "flat", hash);
  const make = async (): Promise<NewPath[]> => {
    const target = realPathOf(state.layout, path);
    const fd = openSync(target, "wx", 0o444);
    try {
      const copied = await hashFile(source, algorithm, {
        each: (bytes) => {
          for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
        },
        signal,
      });
      if (!equalHash(copied, hash)) throw sourceChanged(source);
      finishFile(fd, target);
    } finally {
      closeSync(fd);
    }
    const nar = await hashPath(target);
    return [
      {
        path,
        narHash: nar.hash,
        narSize: nar.size,
        references: [],
        contentAddress: { method: "flat", hash },
      },
    ];
  };
  await makeValid(state, [path], make, signal);
  return path;
}

function sourceChanged(source: string): CleaveError {
  return new CleaveError({
    code: "nar-file-changed",
    message: "the file or something in it changed while it was added",
    hint: "try again when nothing writes to it",
    location: { file: source },
  });
}
