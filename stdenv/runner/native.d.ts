/**
 * The functions of `bootstrap/quickjs/native.c`, which QuickJS lacks: what a build-side script imports as `cleave:native`.
 *
 * Paths, names, link targets, arguments and variables are byte strings, as in `src/base/text.ts`: UTF-8, and U+DC80 to
 * U+DCFF for bytes that are not. Whatever fails throws a {@link NativeError}. Functions on trees take trees of any depth
 * and names of any length, go into folders that their owner may not read, and never follow a symlink. Large trees are worked
 * on by several threads, where there are processors for that.
 */
declare module "cleave:native" {
  /** What a failed system call throws: an Error whose message is `<what was done> <path>: <why>`. */
  export interface NativeError extends Error {
    /** The number of the error, positive. */
    readonly errno: number;
    /** Its name, such as `ENOENT`, or `E<number>` for rare ones. */
    readonly code: string;
    readonly path: string;
  }

  export type Status = {
    readonly type: "file" | "folder" | "symlink" | "fifo" | "socket" | "device";
    /** The lowest 12 bits: permissions, sticky, set-user-id and set-group-id. */
    readonly mode: number;
    readonly size: number;
    readonly inode: number;
    readonly device: number;
    readonly links: number;
    /** The time of the last change of content: seconds since 1970, and nanoseconds from 0 to 999,999,999. */
    readonly seconds: number;
    readonly nanoseconds: number;
  };

  // Paths, one at a time.

  /** Look at a path without following a symlink; `null` where there is nothing. */
  export function lstat(path: string): Status | null;
  /** Set the mode of a file or folder. Follows symlinks. */
  export function chmod(path: string, mode: number): void;
  /** Set both times of a path, without following a symlink. */
  export function setTime(path: string, seconds: number, nanoseconds: number): void;
  export function link(existing: string, path: string): void;
  export function symlink(target: string, path: string): void;
  /** Read the target of a symlink, of any length. */
  export function readlink(path: string): string;
  /** Rename a path; what is at `to` is replaced, if Linux allows that. */
  export function rename(from: string, to: string): void;
  /** Make one folder; the mode (0o777 by default) is subject to the umask. */
  export function mkdir(path: string, mode?: number): void;
  export function unlink(path: string): void;
  export function rmdir(path: string): void;
  /** List the names in a folder, ordered by bytes, without `.` and `..`. */
  export function readFolder(path: string): string[];

  // Files.

  export function readFile(path: string): ArrayBuffer;
  /** Write a whole file, a text as its bytes. A file that is there keeps its mode; a new one gets `mode` (0o666 by default) less the umask. */
  export function writeFile(path: string, content: string | ArrayBuffer | Uint8Array, mode?: number): void;
  /** Decode bytes to a byte string, without loss. */
  export function decodeText(bytes: ArrayBuffer | Uint8Array): string;
  /** Encode a byte string: the inverse. */
  export function encodeText(text: string): ArrayBuffer;
  /** Copy the content of a file (by reflink where that works) to a new or emptied one; times are now. A new one has the mode of `from`, whatever the umask. */
  export function copyFile(from: string, to: string): void;
  /** Say whether the content of a file holds these bytes. An empty text is in every file. */
  export function fileContains(path: string, text: string): boolean;
  /**
   * Replace each `from` in the content of a file by `to`, which has as many bytes, from left to right, in place. Gives how
   * many there were. The caller sets the time. Files that their owner may not write are written nevertheless.
   */
  export function replaceInFile(path: string, from: string, to: string): number;

  // Trees.

  /**
   * Copy a file, symlink or tree to a path that is free, with modes, times and hard links inside of it. Sockets and the like
   * are left out.
   */
  export function copyTree(from: string, to: string): void;
  /** Remove a file, symlink or tree; nothing happens where there is none. */
  export function removeTree(path: string): void;
  /**
   * Set the phase clock of a tree after phase `minute`: all that is not at exactly `base` + j minutes for a j < `minute` is
   * set to `base` + `minute` minutes. Sockets, fifos and devices are removed, set-id bits too. With `tidy`, `tidyTree` is done
   * on the way.
   */
  export function stampTree(path: string, base: number, minute: number, tidy: boolean): void;
  /**
   * Make a tree what a copy of it would be to a phase: without extended attributes; and where a folder lists its names in the
   * order in which they came to be, that becomes their order by bytes. Times stay, but for that of a folder's last access,
   * which becomes that of its last change.
   */
  export function tidyTree(path: string): void;
  /**
   * Copy trees into a store, from the first to the second of each pair (a path that is free), with hard links, in the form that
   * a store has: folders and executable files get the mode 0555, other files 0444, and all the time 1. Gives what that
   * forgets, of each root and what is in it, a folder before what is in it, names ordered by bytes: the names, joined by
   * NUL, and in `records` four numbers for each: how many folders are above it (0 for a root), its mode, its minute after
   * `base` (0xffffffff if it is at no whole minute), and the index of an earlier entry that is the same file
   * (0xffffffff if there is none).
   */
  export function saveTrees(
    pairs: readonly (readonly [string, string])[],
    base: number,
  ): { readonly names: string; readonly records: Uint32Array };
  /**
   * Copy trees out of a store, from the first to the second of each pair (a path that is free), and give the copies the modes,
   * times and hard links that `saveTrees` found. Throws if the trees hold other names.
   */
  export function restoreTrees(
    pairs: readonly (readonly [string, string])[],
    records: Uint32Array,
    names: string,
    base: number,
  ): void;
  /**
   * Replace each of `from`, which are hash parts of store paths, by the one of `to` with the same index: in the content of
   * files, in link targets and in names below `path`. Stops at a file that has one of `from` inside of a compressed
   * member, where it cannot be replaced, and gives that; `null` if there is none.
   */
  export function rewriteTree(
    path: string,
    from: readonly string[],
    to: readonly string[],
  ): { readonly path: string; readonly index: number } | null;

  // Processes.

  export function pid(): number;
  /** Say how many processors this process may use. */
  export function processors(): number;
  /** Set which permissions new files lack; gives the mask before. */
  export function umask(mask: number): number;
  /**
   * Start a program. It gets its own name and `args`, exactly the variables of `env`, and no descriptors but the three
   * (by default those of this process; for `stdin` also a path). Throws if it cannot be started. Gives its process id.
   */
  export function spawn(request: {
    /** A path; there is no search. */
    readonly program: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly stdin?: number | string;
    readonly stdout?: number;
    readonly stderr?: number;
    /** Whether it starts a session of its own. */
    readonly session?: boolean;
  }): number;
  /** Wait for a process; any other children that end meanwhile and are not waited for are reaped where `reap` is true. */
  export function wait(
    pid: number,
    reap?: boolean,
  ): { readonly code: number | null; readonly signal: number | null };
  /** Send a signal. Gives whether there was such a process. */
  export function kill(pid: number, signal: number): boolean;
  /** List the ids of the processes that are in sight, in order. */
  export function processes(): number[];
  /** As process 1 only: kill all other processes of this sandbox and reap them, until there is none. */
  export function endProcesses(): void;
  /** Remove all shared memory, semaphores and message queues (System V) of this sandbox. */
  export function removeIpc(): void;
  /**
   * Forbid other processes to look into this one, its memory and its files, and programs that it starts to make POSIX message
   * queues.
   */
  export function seclude(): void;
}
