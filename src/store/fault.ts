/** Turns what the system and SQLite say when they fail into coded errors. */
import { statfsSync } from "node:fs";
import { CleaveError, quote } from "../base/index.ts";
import type { Layout } from "./layout.ts";

/** SQLite's primary result codes, which are the low byte of the extended ones. */
const sqlite = {
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
};

/** Say whether an error of the system has this code, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.some((code) => code === error.code);
}

/** Say whether SQLite failed because another process holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === sqlite.busy || code === sqlite.locked;
}

/**
 * Give the coded error that an error of the system or of SQLite is for a user of the store; any other is given
 * back as it is.
 */
export function asStoreError(error: unknown, { root }: Pick<Layout, "root">): unknown {
  if (error instanceof CleaveError || !(error instanceof Error)) return error;
  switch (sqliteCode(error)) {
    case sqlite.busy:
    case sqlite.locked:
      return new CleaveError({
        code: "store-busy",
        message: `the database of the store ${quote(root)} is locked by another process, for longer than cleave waits`,
        hint: "look for a process that hangs in the store, such as sqlite3 with an open transaction",
        cause: error,
      });
    case sqlite.readonly:
    case sqlite.cantOpen:
      return notWritable(root, error);
    case sqlite.full:
      return noSpace(root, error);
    case sqlite.io:
      // SQLite does not say what kept it from growing its files.
      return isFull(root) ? noSpace(root, error) : error;
    case sqlite.corrupt:
    case sqlite.notADatabase:
      return new CleaveError({
        code: "store-damaged",
        message: `the database of the store ${quote(root)} cannot be read: ${error.message}`,
        hint: `if there is a backup of nix/var/nix/db, put it back; else move the store away and start with an empty one`,
        cause: error,
      });
  }
  if (hasCode(error, "ENOSPC", "EDQUOT")) return noSpace(root, error);
  const file = "path" in error && typeof error.path === "string" ? error.path : undefined;
  if (hasCode(error, "EACCES", "EPERM", "EROFS") && (file === undefined || isBelow(file, root)))
    return notWritable(root, error);
  return error;
}

function isFull(root: string): boolean {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize < 128 * 1024;
}

function sqliteCode(error: unknown): number | undefined {
  if (!hasCode(error, "ERR_SQLITE_ERROR")) return undefined;
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined;
}

function isBelow(file: string, folder: string): boolean {
  // A root that is to be made fails at one of the folders above it.
  return file === folder || file.startsWith(`${folder}/`) || folder.startsWith(`${file}/`);
}

function notWritable(root: string, cause: Error): CleaveError {
  return new CleaveError({
    code: "store-not-writable",
    message: `the store ${quote(root)} cannot be written`,
    hint: "set CLEAVE_ROOT to a folder that you may write; reading a store takes locks in it too",
    cause,
  });
}

function noSpace(root: string, cause: Error): CleaveError {
  return new CleaveError({
    code: "store-no-space",
    message: `there is no space left for the store ${quote(root)}`,
    hint: "cleave store gc frees what nothing refers to; it runs on a full disk too",
    cause,
  });
}
