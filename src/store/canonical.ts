/**
 * The canonical form of what lies in a store: files and folders read-only for all, 0555 if their owner may execute
 * them (folders too), else 0444; modified at second 1; no extended attributes; owned by who runs the store.
 */
import { chmodSync, fchmodSync, futimesSync, lchownSync, lstatSync, lutimesSync, readdirSync } from "node:fs";
import { CleaveError, decodeText } from "../base/index.ts";
import { pathIn, systemPath, toRaw, walkTree } from "../nix/index.ts";
import { removeAttributes } from "./libc.ts";

/** The time of modification of everything in a store, in seconds since 1970. */
export const storeTime = 1;

/** Who runs the store, where the system knows users. */
type Owner = { readonly user: number | undefined; readonly group: number | undefined };

/**
 * Bring a tree in place into canonical form, however deep. Changes only what is not in it already. Throws
 * `nar-unsupported-file` for what is neither a file, a folder nor a symlink.
 */
export function canonicalise(path: string): void {
  const root = toRaw(path);
  const owner = { user: process.geteuid?.(), group: process.getegid?.() };
  if (!canonicaliseNode(systemPath(root), owner, () => path)) return;
  walkTree(root, {
    list: (folder) => readdirSync(folder, "latin1"),
    visit: (name, descent, way) => {
      const where = () => [path, ...[...way(), name].map(decode)].join("/");
      return canonicaliseNode(pathIn(descent, name), owner, where) ? name : undefined;
    },
  });
}

/** Bring a file that was just made, and is open, into canonical form: its folder may have given it an access control list. */
export function finishFile(fd: number, path: string): void {
  removeAttributes(path);
  fchmodSync(fd, 0o444);
  futimesSync(fd, storeTime, storeTime);
}

function decode(raw: string): string {
  return decodeText(Buffer.from(raw, "latin1"));
}

/** Bring one file, folder or symlink into canonical form. Says whether it is a folder. */
function canonicaliseNode(path: string | Buffer, { user, group }: Owner, where: () => string): boolean {
  const stats = lstatSync(path);
  const isFolder = stats.isDirectory();
  const isLink = stats.isSymbolicLink();
  if (!isFolder && !isLink && !stats.isFile())
    throw new CleaveError({
      code: "nar-unsupported-file",
      message: "the file is neither a regular file nor a folder nor a symlink",
      hint: "sockets, pipes and devices cannot be in the store: have the build remove it",
      location: { file: where() },
    });
  removeAttributes(path);
  if (user !== undefined && stats.uid !== user) lchownSync(path, user, group ?? stats.gid);
  const mode = stats.mode & 0o7777;
  if (!isLink && mode !== 0o444 && mode !== 0o555) chmodSync(path, (mode & 0o100) === 0 ? 0o444 : 0o555);
  if (stats.mtimeMs !== storeTime * 1000) lutimesSync(path, stats.atimeMs / 1000, storeTime);
  return isFolder;
}
