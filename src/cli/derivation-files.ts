import { readFileSync, readlinkSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CleaveError, encodeText, fileError, quote } from "../base/index.ts";
import { parseDerivation } from "../nix/derivation/parse-aterm.ts";
import type { Derivation } from "../nix/derivation/type.ts";
import { derivationPath } from "../nix/derivation/validate.ts";
import { isForeignStorePath, namePart, type StorePath, storeFolder } from "../nix/store-path.ts";
import { findRoot } from "../store/find-root.ts";
import type { Arguments, Io, Option } from "./command.ts";

/** The option that says where store paths are. */
export const rootOption: Readonly<Record<"root", Option>> = {
  root: {
    type: "string",
    value: "FOLDER",
    summary: "the store's root: store paths are at FOLDER/nix/store/... (default: cleave's own, then /)",
  },
};

/** Options of the commands whose arguments are derivations. */
export const derivationFileOptions: Readonly<Record<string, Option>> = {
  recursive: { type: "boolean", short: "r", summary: "take also all derivations that these need, in turn" },
  ...rootOption,
};

/** What the help pages of these commands say of their arguments. */
export const derivationFileDetails = `DRV is a store path, which is read below the root, or a file. A file that is called as store paths are (its hash part, a dash, its name) is the derivation of that path; of any other, the path is computed, its name being that of the file. What a derivation needs is looked for beside the files that were named, then in the store.`;

/** Read the derivation of a path. Throws `derivation-missing`, `derivation-syntax`, `file-failed`. */
type Read = (path: StorePath) => Derivation;

export type DerivationFiles = {
  /** The derivations that the arguments name, and with `--recursive` all that they need. */
  readonly derivations: ReadonlyMap<StorePath, Derivation>;
  readonly read: Read;
};

/** Read derivations of `known`, else from files in `folders`, which both may grow, else from the store of the options. */
export function derivationReader(
  { value }: Arguments,
  io: Io,
  known: Map<StorePath, Derivation>,
  folders: readonly string[] = [],
): Read {
  const root = value("root");
  const roots = root === undefined ? [findRoot(io.env, io.cwd), "/"] : [resolve(io.cwd, root)];
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const places = new Set([...folders, ...roots.map((each) => join(each, storeFolder))]);
    for (const folder of places) {
      const derivation = readFile(join(folder, basename(path)), nameOf(path, path), true);
      if (derivation === undefined) continue;
      known.set(path, derivation);
      return derivation;
    }
    throw new CleaveError({
      code: "derivation-missing",
      message: `the derivation ${path} is not there`,
      hint: `it was looked for in ${[...places].map(quote).join(" and ")}`,
    });
  };
}

/** Read the derivations that the arguments of a command name. Throws what {@link Read} does, and `cli-usage`. */
export function readDerivationFiles(args: Arguments, io: Io): DerivationFiles {
  const folders: string[] = [];
  const known = new Map<StorePath, Derivation>();
  const read = derivationReader(args, io, known, folders);

  const open = (argument: string): StorePath => {
    const file = resolve(io.cwd, argument);
    const path = isForeignStorePath(file) ? file : linkTarget(file);
    if (path !== undefined) {
      nameOf(path, argument);
      read(path);
      return path;
    }
    const base = basename(file);
    const named = `${storeFolder}/${base}`;
    const derivation = readFile(file, nameOf(named, argument), false);
    if (derivation === undefined) throw new Error("a file that is not there was not refused");
    if (isForeignStorePath(named) && !folders.includes(dirname(file))) folders.push(dirname(file));
    const own = isForeignStorePath(named) ? named : derivationPath(derivation);
    known.set(own, derivation);
    return own;
  };

  const found = new Set(args.positionals.map(open));
  // A set goes on to what is added to it meanwhile.
  if (args.flag("recursive"))
    for (const path of found) for (const input of read(path).inputDrvs.keys()) found.add(input);
  return { derivations: new Map([...found].map((path) => [path, read(path)])), read };
}

/** Give the name of the derivation at a path; `argument` is what the user called it. */
function nameOf(path: string, argument: string): string {
  const name = isForeignStorePath(path) ? namePart(path) : basename(path);
  if (name.endsWith(".drv") && name !== ".drv") return name.slice(0, -".drv".length);
  throw new CleaveError({
    code: "cli-usage",
    message: `${quote(argument)} is no derivation: its name does not end in .drv`,
  });
}

/** Follow a link such as `nix-instantiate --add-root` makes, if there is one. */
function linkTarget(file: string): StorePath | undefined {
  try {
    const target = readlinkSync(encodeText(file), "utf8");
    return isForeignStorePath(target) ? target : undefined;
  } catch {
    // No link, or nothing at all: reading it will tell.
    return undefined;
  }
}

function readFile(file: string, name: string, optional: boolean): Derivation | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(encodeText(file));
  } catch (error) {
    if (optional && error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw fileError(error, "read the derivation", file);
  }
  try {
    return parseDerivation(bytes, name);
  } catch (error) {
    throw error instanceof CleaveError ? error.at({ file }) : error;
  }
}
