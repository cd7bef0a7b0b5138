import {
  chmodSync,
  linkSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { decodeText } from "../base/index.ts";
import { formatHash, hashPath } from "../nix/index.ts";
import { lookAt, namesIn } from "./byte-names.ts";
import { storeTime } from "./canonical.ts";
import { hasCode } from "./fault.ts";
import { realPathOf } from "./layout.ts";
import type { State } from "./state.ts";

export type Optimised = { readonly filesLinked: number; readonly bytesFreed: number };

/**
 * Make files of the same content one file with several names, by way of `.links`, where each is called by the hash
 * of its NAR. Killed at any moment, each file is the old or the new one, with the same content; a folder may stay
 * writable, or with a new time, until the next run.
 */
export async function optimise(
  { layout, database, roots, emit }: State,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Optimised> {
  let filesLinked = 0;
  let bytesFreed = 0;
  const linked = new Set<bigint | number>(
    namesIn(layout.links).map((name) => lookAt(join(layout.links, name))?.ino ?? 0),
  );
  const all = database.all();
  for (const path of all) {
    await roots.add([path]);
    const file = realPathOf(layout, path);
    if (lstatSync(file, { throwIfNoEntry: false }) !== undefined)
      try {
        await visit(Buffer.from(file));
      } catch (error) {
        if (!hasCode(error, "ENAMETOOLONG")) throw error;
        emit({
          type: "warning",
          message: `${path} has folders deeper than a path can be; they stay as they are`,
        });
      }
    else if (database.isValid(path))
      emit({
        type: "warning",
        message: `${path} is valid, but not there`,
        hint: "cleave store verify says what else is wrong",
      });
  }
  return { filesLinked, bytesFreed };

  async function visit(file: Buffer): Promise<void> {
    signal?.throwIfAborted();
    const stats = lstatSync(file);
    if (stats.isDirectory()) {
      for (const name of readdirSync(file, { encoding: "buffer" }))
        await visit(Buffer.concat([file, Buffer.from("/"), name]));
      // What an earlier run was killed in.
      if ((stats.mode & 0o7777) !== 0o555 || stats.mtimeMs !== storeTime * 1000) close(file);
      return;
    }
    if (!stats.isFile() || linked.has(stats.ino)) return;
    if ((stats.mode & 0o200) !== 0) {
      emit({ type: "warning", message: `skipping suspicious writable file '${decodeText(file)}'` });
      return;
    }
    const link = join(layout.links, formatHash((await hashPath(decodeText(file))).hash, "nix32"));
    if (!isSame(link, stats)) {
      try {
        linkSync(file, link);
        linked.add(stats.ino);
        return;
      } catch (error) {
        // The folder of the links is full, or the file has as many names as it can have.
        if (hasCode(error, "ENOSPC", "EMLINK")) return;
        if (!hasCode(error, "EEXIST")) throw error;
      }
    }
    const shared = lstatSync(link, { throwIfNoEntry: false });
    if (shared === undefined || shared.ino === stats.ino) return;
    if (replace(file, link)) {
      filesLinked += 1;
      bytesFreed += stats.size;
    }
  }

  /** Say whether there is a link for a file; one with another size is damaged, and taken away. */
  function isSame(link: string, { size }: Stats): boolean {
    const found = lstatSync(link, { throwIfNoEntry: false });
    if (found === undefined || found.size === size) return found !== undefined;
    emit({ type: "warning", message: `removing corrupted link '${link}'` });
    rmSync(link, { force: true });
    return false;
  }

  /** Put another name of a link in the place of a file; says whether it has. */
  function replace(file: Buffer, link: string): boolean {
    const temporary = join(layout.store, `.tmp-link-${process.pid}-${Math.random().toString(36).slice(2)}`);
    const folder = Buffer.from(file.subarray(0, file.lastIndexOf("/")));
    const isInside = folder.toString() !== layout.store;
    try {
      linkSync(link, temporary);
    } catch (error) {
      if (hasCode(error, "EMLINK", "ENOENT")) return false;
      throw error;
    }
    if (isInside) chmodSync(folder, 0o755);
    try {
      renameSync(temporary, file);
      return true;
    } catch (error) {
      // A collection of real Nix has swept the temporary name.
      if (hasCode(error, "ENOENT")) return false;
      unlinkSync(temporary);
      if (hasCode(error, "EMLINK")) return false;
      throw error;
    } finally {
      if (isInside) close(folder);
    }
  }
}

function close(folder: Buffer): void {
  chmodSync(folder, 0o555);
  utimesSync(folder, storeTime, storeTime);
}
