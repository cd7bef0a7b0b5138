import type { Buffer } from "node:buffer";
import { lstatSync, type Stats, statSync } from "node:fs";
import { CleaveError, encodeText, quote } from "../base/index.ts";

/** A store path that the process may read: the host's file, folder or symlink, and its name in the sandbox. */
export type SandboxInput = {
  readonly host: string;
  /** `/nix/store/NAME`. */
  readonly inside: string;
};

/**
 * One process and all that it sees. Paths, arguments and variables are byte strings as in `src/base/text.ts`.
 *
 * The folders `store` and `build` should lie in one that only we can enter: until their files are made
 * canonical, they have whatever modes the process gave them.
 */
export type SandboxSpec = {
  /** The program, an absolute path inside. No search path is used. */
  readonly program: string;
  /** The arguments after the program's own name, which is the last part of its path. */
  readonly args: readonly string[];
  /** The whole environment, but for `PWD`, which is always the working directory. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory, a path inside. */
  readonly cwd: string;
  readonly inputs: readonly SandboxInput[];
  /**
   * The host's folder that is `/nix/store` inside, writable. Inputs are mounted over it, read-only, on empty
   * files and folders that are made there and stay. What the process adds is found here, ready to be renamed.
   */
  readonly store: string;
  /** The host's folder that is `/build` inside, writable. */
  readonly build: string;
  /** The host's program that is `/bin/sh` inside. It must need nothing outside of the inputs. */
  readonly shell?: string | undefined;
  /** Whether the process shares the host's network, and sees what name resolution and TLS need. */
  readonly network: boolean;
  /** Whether the process is told that the machine has 32 bits, as by `uname -m`. */
  readonly is32Bit?: boolean | undefined;
};

/** The name of a store path: what stands after `/nix/store/`. */
export function inputName({ inside }: SandboxInput): string {
  return inside.slice("/nix/store/".length);
}

/** The longest single argument or variable that Linux passes on (MAX_ARG_STRLEN, without the final NUL). */
const longest = 128 * 1024 - 1;

/** An input, and what the host has there. */
export type KnownInput = SandboxInput & { readonly kind: "file" | "folder" | "symlink" };

/** Inputs that were looked at, by their host's path: they do not change while there are sandboxes. */
export type KnownInputs = Map<string, KnownInput>;

/**
 * Check what can be checked before anything is made, and say what each input is; adds to `known`. Throws `sandbox-spec`, with
 * the path as location.
 */
export function checkSpec(spec: SandboxSpec, known: KnownInputs): KnownInput[] {
  for (const word of [spec.program, ...spec.args]) checkWord("an argument", word);
  for (const [name, value] of Object.entries(spec.env)) {
    if (name === "" || name.includes("="))
      refuse(`${quote(name)} cannot be the name of a variable`, "names are not empty and hold no =");
    checkWord(`the variable ${quote(name)}`, `${name}=${value}`);
  }
  checkInside("the program", spec.program);
  checkInside("the working directory", spec.cwd);
  checkFolder("the store folder", spec.store);
  checkFolder("the build folder", spec.build);
  if (spec.shell !== undefined) {
    const status = look("the shell", spec.shell);
    if (!status.isFile()) refuse("the shell is not a file", "name a program on the host", spec.shell);
  }
  const seen = new Map<string, string>();
  return spec.inputs.map((input) => {
    const { host, inside } = input;
    const other = seen.get(inside);
    if (other !== undefined)
      refuse(`the input ${quote(inside)} is there twice`, `the other one is ${quote(other)}`, host);
    seen.set(inside, host);
    const before = known.get(host);
    if (before?.inside === inside) return before;
    const found = { host, inside, kind: kindOf(input) };
    known.set(host, found);
    return found;
  });
}

function kindOf(input: SandboxInput): KnownInput["kind"] {
  const { host, inside } = input;
  checkInside("an input", inside);
  const name = inputName(input);
  if (!inside.startsWith("/nix/store/") || name === "" || name.includes("/") || /^\.\.?$/.test(name))
    refuse(
      `the input ${quote(inside)} is not directly in the store`,
      "inputs are called /nix/store/NAME",
      host,
    );
  const status = look(`the input ${quote(inside)}`, host, lstatSync);
  if (status.isSymbolicLink()) return "symlink";
  if (status.isDirectory()) return "folder";
  if (status.isFile()) return "file";
  return refuse(
    `the input ${quote(inside)} is neither file, folder nor symlink`,
    "a store holds no sockets, pipes or devices",
    host,
  );
}

function checkWord(what: string, word: string): void {
  if (word.includes("\0"))
    refuse(`${what} holds a NUL character`, "Linux ends arguments and variables at the first one");
  if (word.length * 3 <= longest) return;
  const length = encodeText(word).length;
  if (length > longest)
    refuse(
      `${what} has ${length} bytes, and Linux takes at most ${longest}`,
      "hand it over in a file, as passAsFile and structured attributes do",
    );
}

function checkInside(what: string, path: string): void {
  if (path.includes("\0"))
    refuse(`the path of ${what} holds a NUL character`, "no file can have such a name");
  if (!path.startsWith("/"))
    refuse(`the path of ${what}, ${quote(path)}, is not absolute`, "paths in the sandbox start with /");
}

function checkFolder(what: string, path: string): void {
  if (!look(what, path).isDirectory()) refuse(`${what} is not a folder`, "name a folder that is there", path);
}

function look(what: string, host: string, stat: (path: Buffer) => Stats = statSync): Stats {
  if (!host.startsWith("/") || host.includes("\0"))
    refuse(`the host's path of ${what} is not an absolute path`, "host paths start with /", host);
  try {
    return stat(encodeText(host));
  } catch (cause) {
    throw new CleaveError({
      code: "sandbox-spec",
      message: `${what} cannot be looked at`,
      hint: "it must be there before the sandbox is made",
      location: { file: host },
      cause,
    });
  }
}

/** Throw `sandbox-spec`. */
export function refuse(message: string, hint: string, file?: string, cause?: unknown): never {
  throw new CleaveError({
    code: "sandbox-spec",
    message,
    hint,
    location: file === undefined ? undefined : { file },
    cause,
  });
}
