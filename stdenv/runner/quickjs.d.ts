/** What build-side scripts use of QuickJS' own modules `std` and `os`, and its globals. */
declare module "std" {
  export interface File {
    puts(text: string): void;
    flush(): void;
    close(): number;
    readonly getline: () => string | null;
    readAsString(most?: number): string;
  }
  export const err: File;
  export const out: File;
  /** End the process. */
  export function exit(code: number): never;
  export function getenv(name: string): string | undefined;
  export function getenviron(): Record<string, string>;
  /** Open a descriptor as a file. */
  export function fdopen(fd: number, mode: string): File;
}

declare module "os" {
  export const SIGKILL: number;
  export const SIGTERM: number;
  /** Give the working directory, and an error number. */
  export function getcwd(): [string, number];
  export function chdir(path: string): number;
  /** Give the two ends of a pipe: read, write. */
  export function pipe(): [number, number] | null;
  export function close(fd: number): number;
  export function read(fd: number, buffer: ArrayBuffer, offset: number, length: number): number;
  export function write(fd: number, buffer: ArrayBuffer, offset: number, length: number): number;
}

/** The arguments of the process, from the name of the script on. */
declare const scriptArgs: string[];
