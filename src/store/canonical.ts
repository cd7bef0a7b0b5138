/**
 * The canonical form of what lies in a store: files and folders read-only for all, 0555 if their owner may execute
 * them (folders too), else 0444; modified at second 1; no extended attributes; owned by who runs the store.
 */
import { chmodSync, lchownSync, lstatSync, lutimesSync, readdirSync, type Stats } from "node:fs";
import { CleaveError, decodeText } from "../base/index.ts";
import { removeAttributes } from "./libc.ts";

/** The time of modification of everything in a store, in seconds since 1970. */
export const storeTime = 1;

/**
 * Bring a tree in place into canonical form. Throws `nar-unsupported-file` for what is neither a file, a folder
 * nor a symlink.
 */
export function canonicalise(path: string | Buffer): void {
  const stats = lstatSync(path);
  if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink())
    throw new CleaveError({
      code: "nar-unsupported-file",
      message: "the file is neither a regular file nor a folder nor a symlink",
      hint: "sockets, pipes and devices cannot be in the store: have the build remove it",
      location: { file: typeof path === "string" ? path : decodeText(path) },
    });
  removeAttributes(path);
  canonicaliseNode(path, stats);
  if (stats.isDirectory())
    for (const name of readdirSync(path, { encoding: "buffer" }))
      canonicalise(Buffer.concat([Buffer.from(path), slash, name]));
}

/** Bring one file, folder or symlink into canonical form, but for its attributes. */
function canonicaliseNode(path: string | Buffer, stats: Stats): void {
  const user = process.geteuid?.();
  if (user !== undefined && stats.uid !== user) lchownSync(path, user, process.getegid?.() ?? stats.gid);
  const mode = stats.mode & 0o7777;
  if (!stats.isSymbolicLink() && mode !== 0o444 && mode !== 0o555)
    chmodSync(path, (mode & 0o100) === 0 ? 0o444 : 0o555);
  if (stats.mtimeMs !== storeTime * 1000) lutimesSync(path, stats.atimeMs / 1000, storeTime);
}

const slash = Buffer.from("/");
