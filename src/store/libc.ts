/** What a store needs of Linux that Node's `fs` does not have: `flock`, extended attributes, preallocation. */
import { errnoName, libcWith } from "../base/libc.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

export type LockMode = "shared" | "exclusive";

const libc = libcWith({
  flock: { arguments: ["i32", "i32"], return: "i32" },
  posix_fallocate: { arguments: ["i32", "i64", "i64"], return: "i32" },
  llistxattr: { arguments: ["buffer", "buffer", "u64"], return: "i32" },
  lremovexattr: { arguments: ["buffer", "buffer"], return: "i32" },
});

/** Take a lock on an open file, or turn one mode into the other, without waiting. Says whether it is held now. */
export function tryLock(fd: number, mode: LockMode): boolean {
  const operation = (mode === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB;
  for (;;) {
    if (libc().flock(fd, operation) === 0) return true;
    const name = errnoName(libc().errno());
    if (name === "EAGAIN") return false;
    if (name !== "EINTR") throw systemError(name, "flock");
  }
}

/** Give up a lock. Closing the file does so too. */
export function unlock(fd: number): void {
  if (libc().flock(fd, LOCK_UN) !== 0) throw systemError(errnoName(libc().errno()), "flock");
}

/** Reserve space for `size` bytes of a file, which grows to that. */
export function allocate(fd: number, size: number): void {
  const error = libc().posix_fallocate(fd, 0n, BigInt(size));
  if (error !== 0) throw systemError(errnoName(error), "posix_fallocate");
}

/** Say whether a file has extended attributes, as far as its file system has them. */
export function hasAttributes(path: string | Buffer): boolean {
  return libc().llistxattr(terminated(path), nothing, 0n) > 0;
}

const names = Buffer.alloc(65536);
const nothing = Buffer.alloc(0);
const place = Buffer.alloc(8192);

/** Give a path with a NUL after it, valid until the next is asked for. */
function terminated(path: string | Buffer): Buffer {
  // No character has more than three bytes.
  if (path.length * 3 >= place.length) return Buffer.concat([Buffer.from(path), Buffer.of(0)]);
  const length = typeof path === "string" ? place.write(path) : path.copy(place);
  place[length] = 0;
  return place;
}

/** Take all extended attributes, and with them access control lists, from a file, folder or link itself. */
export function removeAttributes(path: string | Buffer): void {
  const { llistxattr, lremovexattr, errno } = libc();
  const file = terminated(path);
  // Most have none, which is quick to see.
  if (llistxattr(file, nothing, 0n) === 0) return;
  const size = llistxattr(file, names, BigInt(names.length));
  if (size < 0) {
    const name = errnoName(errno());
    // The file system has none of them.
    if (name === "ENOTSUP" || name === "EOPNOTSUPP" || name === "ENODATA") return;
    throw systemError(name, "llistxattr", path);
  }
  for (let start = 0; start < size; ) {
    const end = names.indexOf(0, start) + 1;
    const attribute = names.subarray(start, end);
    start = end;
    // Labels of the system's security module belong to the machine; Nix leaves this one alone too.
    if (attribute.equals(Buffer.from("security.selinux\0"))) continue;
    if (lremovexattr(file, attribute) !== 0) throw systemError(errnoName(errno()), "lremovexattr", path);
  }
}

/** Make an error of the form that Node's `fs` throws. */
function systemError(code: string, syscall: string, path?: string | Buffer): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(
    `${code}: ${syscall}${path === undefined ? "" : ` '${path.toString()}'`}`,
  );
  error.code = code;
  error.syscall = syscall;
  if (path !== undefined) error.path = path.toString();
  return error;
}
