/** The package set of a command: cleave's own recipes, and those of the user's folder. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CleaveError, projectFile, quote } from "../base/index.ts";
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
    io.env["XDG_CACHE_HOME"] ?? (io.env["HOME"] === undefined ? undefined : `${io.env["HOME"]}/.cache`);
  return openPackageSet({
    sources: sourcesOf(args, io).map((each) => ({ ...each, folder: moved(each.folder) })),
    stdenv: moved(join(own, "stdenv")),
    platforms: { build: host, host, target: host },
    bundles: cache?.startsWith("/") === true ? join(cache, "cleave/bundles") : undefined,
    overlays: [...args.values("overlay").map((file) => resolve(io.cwd, file)), ...(more.overlays ?? [])],
    settings: [...args.values("set"), ...(more.settings ?? [])],
    cache: args.flag("no-eval-cache") || more.cache === false ? undefined : cacheFolder(io),
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

function sourcesOf(args: Arguments, { cwd }: Io): readonly Source[] {
  const sources: Source[] = [
    { folder: join(own, "packages"), prefix: "", isBase: true },
    { folder: join(own, "bootstrap"), prefix: "bootstrap.", isBase: true },
  ];
  const named = args.values("folder");
  for (const each of named) {
    const folder = resolve(cwd, each);
    if (!existsSync(folder))
      throw new CleaveError({
        code: "cli-usage",
        message: `the folder ${quote(folder)} is not there`,
        hint: "--folder names a folder with recipes, NAME/package.ts or packages/NAME/package.ts",
      });
    sources.push({ folder, prefix: "" });
  }
  if (named.length === 0 && `${cwd}/` !== own && dependsOnCleave(cwd))
    sources.push({ folder: cwd, prefix: "" });
  return sources;
}

/** Say whether a folder is a project of somebody who uses cleave. */
function dependsOnCleave(folder: string): boolean {
  try {
    const { dependencies, devDependencies }: Record<string, object | undefined> = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    );
    return Object.hasOwn({ ...dependencies, ...devDependencies }, "cleave");
  } catch {
    return false;
  }
}
