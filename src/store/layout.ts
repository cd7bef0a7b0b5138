/**
 * Where things are in a store, which is Nix's own layout below a root folder:
 *
 *     nix/store/<base name>                    the store paths
 *     nix/store/<base name>.lock               who adds or builds the path
 *     nix/store/.links/<nix32 of a NAR hash>   files that are hard-linked into several paths
 *     nix/var/nix/db/db.sqlite                 what is valid (`schema.ts`), beside it its version in `schema`
 *                                              and `ca-schema`, the `big-lock`, and `reserved`: space that a
 *                                              collection frees first, so that it can run on a full disk
 *     nix/var/nix/gcroots, profiles            roots: links into the store, or to such links
 *     nix/var/nix/temproots/<process>          roots for as long as the process lives
 *     nix/var/nix/gc.lock                      held alone while garbage is collected
 *     nix/var/nix/gc-socket/socket             takes new roots meanwhile
 *     nix/var/log/nix/drvs/<2>/<rest>          build logs
 */
import { closeSync, existsSync, mkdirSync, openSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { CleaveError, quote } from "../base/index.ts";
import { baseName, namePart, type StorePath } from "../nix/index.ts";
import { hasCode } from "./fault.ts";
import { allocate } from "./libc.ts";

export type Layout = {
  readonly root: string;
  /** The folder of the store paths. */
  readonly store: string;
  readonly links: string;
  /** `nix/var/nix`. */
  readonly state: string;
  readonly databaseFolder: string;
  readonly database: string;
  readonly schema: string;
  readonly contentAddressingSchema: string;
  readonly bigLock: string;
  readonly reserved: string;
  readonly profiles: string;
  readonly roots: string;
  readonly temporaryRoots: string;
  readonly collectorLock: string;
  readonly collectorSocket: string;
  readonly logs: string;
};

const reservedSize = 8 * 1024 * 1024;

/** Give the places of the store at an absolute folder. */
export function layoutAt(root: string): Layout {
  const state = join(root, "nix/var/nix");
  const store = join(root, "nix/store");
  const databaseFolder = join(state, "db");
  return {
    root,
    store,
    links: join(store, ".links"),
    state,
    databaseFolder,
    database: join(databaseFolder, "db.sqlite"),
    schema: join(databaseFolder, "schema"),
    contentAddressingSchema: join(databaseFolder, "ca-schema"),
    bigLock: join(databaseFolder, "big-lock"),
    reserved: join(databaseFolder, "reserved"),
    profiles: join(state, "profiles"),
    roots: join(state, "gcroots"),
    temporaryRoots: join(state, "temproots"),
    collectorLock: join(state, "gc.lock"),
    collectorSocket: join(state, "gc-socket/socket"),
    logs: join(root, "nix/var/log/nix/drvs"),
  };
}

/** Make the folders of a store where they are missing. Killed at any moment, the next run makes the rest. */
export function createLayout(layout: Layout): void {
  const { profiles, roots } = layout;
  for (const folder of [layout.links, profiles, layout.temporaryRoots, layout.databaseFolder])
    makeFolder(folder, layout);
  makeFolder(join(roots, "per-user"), layout);
  makeFolder(join(profiles, "per-user"), layout);
  const link = join(roots, "profiles");
  if (!existsSync(link))
    try {
      symlinkSync(profiles, link);
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
    }
}

/** Set space aside that the next collection frees. Without space there is none to set aside. */
export function reserveSpace({ reserved }: Layout): void {
  if ((statSync(reserved, { throwIfNoEntry: false })?.size ?? 0) === reservedSize) return;
  let fd: number | undefined;
  try {
    fd = openSync(reserved, "a", 0o600);
    allocate(fd, reservedSize);
  } catch {
    // Helps a later collection, and nothing depends on it.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Give where a store path really lies. */
export function realPathOf(layout: Layout, path: StorePath): string {
  return `${layout.store}/${baseName(path)}`;
}

/** Give where the log of a derivation's build lies, without the ending that tells the compression. */
export function logFileOf(layout: Layout, derivation: StorePath): string {
  if (!namePart(derivation).endsWith(".drv")) throw new Error(`${derivation} is no derivation`);
  const name = baseName(derivation);
  return join(layout.logs, name.slice(0, 2), name.slice(2));
}

/** Make a folder and those above it. Node's own way to do so hides why it could not. */
function makeFolder(folder: string, layout: Layout): void {
  for (let attempt = 0; ; attempt += 1)
    try {
      mkdirSync(folder);
      return;
    } catch (error) {
      if (hasCode(error, "EEXIST") && statSync(folder).isDirectory()) return;
      if (hasCode(error, "EEXIST", "ENOTDIR"))
        throw new CleaveError({
          code: "store-damaged",
          message: `${quote(layout.root)} cannot be a store: ${quote(folder)} or what it lies in is no folder`,
          hint: "set CLEAVE_ROOT to another folder, or move away what is there",
          cause: error,
        });
      if (!hasCode(error, "ENOENT") || attempt > 0) throw error;
      makeFolder(dirname(folder), layout);
    }
}
