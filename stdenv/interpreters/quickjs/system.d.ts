/** What the phase library uses of QuickJS' own modules beyond `stdenv/runner/quickjs.d.ts`. */
declare module "std" {
  /** Say what an error number means. */
  export function strerror(number: number): string;
}

declare module "os" {
  export const O_RDONLY: number;
  export const O_WRONLY: number;
  export const O_CREAT: number;
  export const O_TRUNC: number;
  export const O_APPEND: number;
  /** Open a file; gives its descriptor, or a negative error number. */
  export function open(path: string, flags: number, mode?: number): number;
  /** Wait for a child, or for any where `pid` is -1: its process id, or a negative error number, and how it ended. */
  export function waitpid(pid: number, options: number): [number, number];
  /** Look at a path, following symlinks: what is there, and an error number. */
  export function stat(path: string): [{ readonly mode: number } | null, number];
  /** Resolve all symlinks of a path, and an error number. */
  export function realpath(path: string): [string, number];
  /** Run a function once the event loop comes round after so many milliseconds. */
  export function setTimeout(run: () => void, milliseconds: number): unknown;
  export const S_IFMT: number;
  export const S_IFDIR: number;
  export const S_IFREG: number;
}
