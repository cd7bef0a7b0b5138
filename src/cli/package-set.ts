/** The package set of a command: cleave's own recipes, and those of the user's folder. */
import { existsSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CleaveError, encodeText, fileError, projectFile, quote } from "../base/index.ts";
// Loading all of a room that is not needed to find what is cached takes time.
import { parsePlatform } from "../package/platform.ts";
import type { PackageSet, Source } from "../recipes/index.ts";
import { openPackageSet } from "../recipes/set.ts";
import { findRoot } from "../store/find-root.ts";
import type { Arguments, Io, Option } from "./command.ts";

export const setOptions: Readonly<Record<string, Option>> = {
  folder: {
    type: "string",
    short: "f",
    multiple: true,
    value: "DIR",
    summary: "a folder with recipes, NAME/package.ts or packages/NAME/package.ts, besides cleave's own",
  },
  set: {
    type: "string",
    multiple: true,
    value: "ATTR.OPTION=VALUE",
    summary: "give an option of a package a value: JSON, or a text",
  },
  overlay: {
    type: "string",
    multiple: true,
    value: "FILE",
    summary: "a recipe's file that exports modules by attribute, which are laid over the packages",
  },
  "no-eval-cache": { type: "boolean", summary: "evaluate everything anew, and keep nothing of it" },
};

/** The folder that has cleave's own recipes, in a checkout and in an installed package. */
const own = fileURLToPath(projectFile(""));

/** What a command adds to the arguments. */
type More = {
  readonly overlays?: readonly string[];
  readonly settings?: readonly string[];
  /** `false` for none, whatever the arguments say. */
  readonly cache?: false;
  /** Gives the place where a source folder lies instead. */
  readonly moved?: (folder: string) => string;
};

/** Open the package set that the arguments of a command mean. Throws `cli-usage` for a folder that is not there. */
export async function openPackages(args: Arguments, io: Io, more: More = {}): Promise<PackageSet> {
  const { moved = (folder: string) => folder } = more;
  const host = parsePlatform(process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux");
  const cache =
    io.env["XDG_CACHE_HOME"] || (io.env["HOME"] === undefined ? undefined : `${io.env["HOME"]}/.cache`);
  const sources = sourcesOf(args, io);
  return openPackageSet({
    sources: sources.map((each) => ({ ...each, folder: moved(each.folder) })),
    stdenv: moved(join(own, "stdenv")),
    platforms: { build: host, host, target: host },
    bundles: cache?.startsWith("/") === true ? join(cache, "cleave/bundles") : undefined,
    overlays: [...args.values("overlay").map((file) => resolve(io.cwd, file)), ...(more.overlays ?? [])].map(
      checkOverlay,
    ),
    settings: [...args.values("set"), ...(more.settings ?? [])],
    cache: args.flag("no-eval-cache") || more.cache === false ? undefined : cacheFolder(io),
    hintFor: (attribute) =>
      ["packages", "."].some((each) => existsSync(join(io.cwd, each, attribute, "package.ts"))) &&
      sources.every(({ folder }) => folder !== io.cwd)
        ? `there is a recipe of this name in the working folder: with --folder . it is one of the set`
        : undefined,
    emit: io.emit,
  });
}

/** Do something with the package set that the arguments of a command mean. */
export async function withPackages<T>(
  args: Arguments,
  io: Io,
  work: (set: PackageSet) => Promise<T>,
): Promise<T> {
  return await work(await openPackages(args, io));
}

/** Give the folder of the evaluation cache; nothing where there is no place for a store either. */
function cacheFolder({ env, cwd }: Io): string | undefined {
  let root: string;
  try {
    root = findRoot(env, cwd);
  } catch {
    // Whoever needs the store is told.
    return undefined;
  }
  return existsSync(root) || existsSync(dirname(root)) ? join(root, "nix/var/cleave") : undefined;
}

/** Check that there is a file that a recipe could be. Throws `cli-usage`. */
function checkOverlay(file: string): string {
  const isThere = lookAt(file)?.isFile() === true;
  if (isThere && file.endsWith(".ts")) return file;
  throw new CleaveError({
    code: "cli-usage",
    message: isThere ? `the overlay ${quote(file)} is no .ts file` : `there is no overlay ${quote(file)}`,
    hint: "an overlay is a file whose default export is a record of modules by attribute",
  });
}

/** Look at what an argument names. Throws `file-failed`. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(encodeText(path), { throwIfNoEntry: false });
  } catch (error) {
    throw fileError(error, "look there", path);
  }
}

function sourcesOf(args: Arguments, { cwd }: Io): readonly Source[] {
  const sources: Source[] = [
    { folder: join(own, "packages"), prefix: "", isBase: true },
    { folder: join(own, "bootstrap"), prefix: "bootstrap.", isBase: true, isBootstrap: true },
  ];
  const named = args.values("folder").map((each) => checkFolder(resolve(cwd, each)));
  const project = named.length === 0 ? projectAround(cwd) : undefined;
  for (const folder of project === undefined ? named : [project]) {
    if (/[\udc80-\udcff]/u.test(folder))
      throw noFolder(folder, "has a name that is not UTF-8, and recipes are not read from such a place");
    sources.push({ folder, prefix: "" });
  }
  return sources;
}

/** Check a folder that is named as one with recipes. Throws `cli-usage`. */
function checkFolder(folder: string): string {
  const status = lookAt(folder);
  if (status === undefined) throw noFolder(folder, "is not there");
  if (!status.isDirectory()) throw noFolder(folder, "is a file");
  if (existsSync(join(folder, "package.ts")) && !existsSync(join(folder, "packages")))
    throw noFolder(folder, "is that of one recipe; name the one around it");
  return folder;
}

function noFolder(folder: string, fault: string): CleaveError {
  return new CleaveError({
    code: "cli-usage",
    message: `the folder ${quote(folder)} ${fault}`,
    hint: "recipes are NAME/package.ts or packages/NAME/package.ts in a folder that --folder names, or in a project that depends on cleave",
  });
}

/** Find the project of somebody who uses cleave: the nearest folder with a `package.json`, if that depends on cleave. */
function projectAround(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const dependsOn = dependenciesIn(folder);
    if (dependsOn !== undefined) return Object.hasOwn(dependsOn, "cleave") ? folder : undefined;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Give what the `package.json` of a folder depends on; nothing where there is none. */
function dependenciesIn(folder: string): object | undefined {
  const file = encodeText(join(folder, "package.json"));
  if (!existsSync(file)) return undefined;
  try {
    const { dependencies, devDependencies }: Record<string, object | undefined> = JSON.parse(
      readFileSync(file, "utf8"),
    );
    return { ...dependencies, ...devDependencies };
  } catch {
    // npm says what is wrong with it.
    return {};
  }
}
