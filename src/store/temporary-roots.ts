/**
 * Temporary roots: paths that no collector takes while this process lives.
 *
 * Each process has the file `temproots/<process>`, locked alone for its life, with the paths in it, each ended by
 * NUL. A collector that gets the lock knows that the process is gone. A root is added under `gc.lock`, shared; a
 * collector holds that alone while it works, and takes new roots through its socket (`collector-socket.ts`).
 */
import { closeSync, fstatSync, ftruncateSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { StorePath } from "../nix/index.ts";
import { collectorClient } from "./collector-socket.ts";
import type { Layout } from "./layout.ts";
import { tryLock, unlock } from "./libc.ts";
import { openLockFile } from "./lock.ts";

export type TemporaryRoots = {
  /** Keep paths, valid or not, until this process ends or closes the store. */
  readonly add: (paths: Iterable<StorePath>) => Promise<void>;
  readonly close: () => void;
};

type Shared = TemporaryRoots & { users: number };

/** One file per process and store, however often the store is opened. */
const opened = new Map<string, Shared>();

/** Give this process's temporary roots in a store. Its file is made with the first root. */
export function temporaryRoots(layout: Layout): TemporaryRoots {
  let shared = opened.get(layout.root);
  if (shared === undefined) {
    shared = { ...makeTemporaryRoots(layout), users: 0 };
    opened.set(layout.root, shared);
  }
  const own = shared;
  own.users += 1;
  return {
    add: own.add,
    close: () => {
      own.users -= 1;
      if (own.users > 0) return;
      opened.delete(layout.root);
      own.close();
    },
  };
}

function makeTemporaryRoots(layout: Layout): TemporaryRoots {
  const known = new Set<StorePath>();
  let file: { readonly fd: number; readonly name: string } | undefined;
  /** The length of the file. */
  let size = 0;
  let collectorLock: number | undefined;
  const collector = collectorClient(layout);
  let last: Promise<void> = Promise.resolve();

  const addNow = async (paths: readonly StorePath[]): Promise<void> => {
    const fresh = paths.filter((path) => !known.has(path));
    if (fresh.length === 0) return;
    file ??= openOwnFile(layout);
    collectorLock ??= openLockFile(layout.collectorLock);
    const { fd } = file;
    const append = () => {
      const bytes = Buffer.from(fresh.map((path) => `${path}\0`).join(""));
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, size + at);
      } catch (error) {
        // On a full disk some of them may be there, and the start of one.
        ftruncateSync(fd, size);
        throw error;
      }
      size += bytes.length;
      for (const path of fresh) known.add(path);
    };
    for (;;) {
      if (tryLock(collectorLock, "shared")) {
        try {
          append();
          return;
        } finally {
          unlock(collectorLock);
        }
      }
      if (await collector.send(fresh)) {
        append();
        return;
      }
      // The collector is about to listen, or has just ended.
      await sleep(2);
    }
  };

  return {
    add: (paths) => {
      const all = [...paths];
      const result = last.then(() => addNow(all));
      last = result.catch(() => {});
      return result;
    },
    close: () => {
      if (file !== undefined) {
        unlinkSync(file.name);
        closeSync(file.fd);
      }
      if (collectorLock !== undefined) closeSync(collectorLock);
      collector.close();
      file = undefined;
      collectorLock = undefined;
    },
  };
}

function openOwnFile({ temporaryRoots: folder }: Layout): { readonly fd: number; readonly name: string } {
  for (let attempt = 0; ; attempt += 1) {
    // Who holds the file of our number lives in another namespace of process numbers.
    const name = join(folder, attempt === 0 ? `${process.pid}` : `${process.pid}.${attempt}`);
    const fd = openLockFile(name);
    if (tryLock(fd, "exclusive") && fstatSync(fd).nlink > 0) {
      // What is in it is of a dead process that had our number.
      ftruncateSync(fd, 0);
      return { fd, name };
    }
    closeSync(fd);
  }
}
