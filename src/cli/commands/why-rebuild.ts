import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { CleaveError, describeLocation, quote } from "../../base/index.ts";
import { type Derivation, isStorePath, namePart, parseDerivation, type StorePath } from "../../nix/index.ts";
import { readBuilt } from "../../recipes/built.ts";
import {
  compareDerivations,
  type DerivationChange,
  describeChanges,
  type ReadDerivation,
} from "../../recipes/drv-diff.ts";
import { findText } from "../../recipes/find-text.ts";
import type { PackageSet } from "../../recipes/index.ts";
import type { LocalStore } from "../../store/index.ts";
import type { Arguments, Command, Io } from "../command.ts";
import { jsonOption, withStore } from "../local-store.ts";
import { openPackages, setOptions } from "../package-set.ts";
import { withTemporaryFolder } from "../temporary-folder.ts";

export const whyRebuild: Command = {
  usage: "[--against REV] [--json] ATTR",
  summary: "Tell why a package has to be built again: what changed itself, apart from what only follows.",
  details:
    "Compares with what was built last, or with the recipes of a git revision. The causes come with the lines that write what is\n" +
    "there now, and with the files that have changed.",
  options: {
    against: {
      type: "string",
      value: "REV",
      summary: "a revision of the repository that the recipes are in",
    },
    ...setOptions,
    ...jsonOption,
  },
  arity: [1, 1],
  run: async (args, io) =>
    await withStore(io, (store) =>
      withTemporaryFolder(async (folder) => {
        const [attribute = ""] = args.positionals;
        const set = await openPackages(args, io);
        const made = set.package(attribute);
        const { derivation } = made.interface;
        const before = await lookBack(attribute, { args, io, set, store, folder });
        if (before.derivation === derivation) {
          await io.write(
            args.flag("json")
              ? `${JSON.stringify({ changes: [], files: [], lines: [] })}\n`
              : `${attribute} is as it was\n`,
          );
          return 0;
        }
        const changes = compareDerivations(
          { root: before.derivation, read: before.read },
          { root: derivation, read: (path) => set.derivation(path) ?? readStored(store, path) },
        );
        const lines = linesOf(set, changes);
        if (args.flag("json")) await io.write(`${JSON.stringify({ changes, files: before.files, lines })}\n`);
        else
          await io.write(
            [
              ...describeChanges(changes),
              ...(before.files.length === 0
                ? []
                : ["files that changed:", ...before.files.map((each) => `  ${quote(each)}`)]),
              ...(lines.length === 0 ? [] : ["written by:", ...lines.map((each) => `  ${each}`)]),
            ]
              .map((line) => `${line}\n`)
              .join(""),
          );
        return 0;
      }),
    ),
};

type Before = {
  readonly derivation: StorePath;
  readonly read: ReadDerivation;
  readonly files: readonly string[];
};

type World = {
  readonly args: Arguments;
  readonly io: Io;
  readonly set: PackageSet;
  readonly store: LocalStore;
  /** A temporary folder. */
  readonly folder: string;
};

async function lookBack(attribute: string, { args, io, set, store, folder }: World): Promise<Before> {
  const revision = args.value("against");
  const reads = set.package(attribute).reads();
  if (revision !== undefined) {
    // The first file that is read for a package is its recipe.
    const recipe = reads.find(({ type }) => type === "file")?.path ?? "";
    const old = await openPackages(args, io, { moved: checkOut(recipe, revision, folder), cache: false });
    const { derivation } = old.package(attribute).interface;
    const files = new Map(
      old
        .package(attribute)
        .reads()
        .map(({ path, hash }) => [originOf(path, folder), hash]),
    );
    return {
      derivation,
      read: (path) => old.derivation(path),
      files: reads.flatMap(({ path, hash, type }) =>
        type === "file" && files.get(originOf(path, folder)) !== hash && !path.includes("/node_modules/")
          ? [path]
          : [],
      ),
    };
  }
  const built = readBuilt(store.root, attribute);
  if (built === undefined)
    throw new CleaveError({
      code: "rebuild-unknown",
      message: `there is no record of a build of ${quote(attribute)}`,
      hint: "compare with a git revision: --against HEAD",
    });
  const now = new Map(reads.map(({ path, hash }) => [path, hash]));
  return {
    derivation: built.derivation,
    read: (path) => readStored(store, path),
    files: built.reads.flatMap(([path, hash]) => (now.get(path) !== hash ? [path] : [])),
  };
}

/** Read a derivation of the store. */
function readStored(store: LocalStore, path: StorePath): Derivation | undefined {
  try {
    return parseDerivation(readFileSync(store.realPath(path)), namePart(path).replace(/\.drv$/, ""));
  } catch {
    return undefined;
  }
}

/** Make what calls git in a folder, and throws what it says where it fails. */
function gitIn(folder: string): (...command: readonly string[]) => Buffer {
  return (...command) => {
    try {
      return execFileSync("git", ["-C", folder, ...command], {
        stdio: ["ignore", "pipe", "pipe"],
        maxBuffer: 2 ** 30,
      });
    } catch (error) {
      const [said = ""] = error instanceof Error && "stderr" in error ? String(error.stderr).split("\n") : [];
      throw said === "" ? error : new Error(said);
    }
  };
}

/** Give the folder of the repository that a folder is part of; nothing where that does not have it, or there is none. */
function repositoryOf(folder: string, revision: string): string | undefined {
  const git = gitIn(folder);
  try {
    if (git("ls-tree", revision, "./").length === 0) return undefined;
    return git("rev-parse", "--show-toplevel").toString().replace(/\n$/, "");
  } catch {
    return undefined;
  }
}

/**
 * Check the repository of a recipe out as it was, and give what tells the place of a source folder in there. Folders of which
 * it has nothing, as the one where cleave is installed, stay where they are. Throws `rebuild-unknown`.
 */
function checkOut(recipe: string, revision: string, target: string): (folder: string) => string {
  const here = dirname(recipe);
  const git = gitIn(here);
  const repository = repositoryOf(here, "HEAD");
  let prefix: string;
  let archive: Buffer;
  try {
    if (repository === undefined) throw new Error("no commit of a repository has this folder");
    prefix = git("rev-parse", "--show-prefix")
      .toString()
      .replace(/\/?\n$/, "");
    // From the top: elsewhere git leaves out what is not below.
    archive = gitIn(repository)("archive", revision);
  } catch (cause) {
    throw new CleaveError({
      code: "rebuild-unknown",
      message: `git has no revision ${quote(revision)} of ${quote(here)}`,
      hint: "name a commit, tag or branch of the repository that the recipes are in",
      cause,
    });
  }
  // Without resolving links, as paths are compared with those of now.
  const top = here.endsWith(`/${prefix}`) ? here.slice(0, -prefix.length - 1) : here;
  const place = `${target}${top}`;
  mkdirSync(place, { recursive: true });
  execFileSync("tar", ["-x", "-C", place], { input: archive });
  return (folder) => (repositoryOf(folder, "HEAD") === repository ? `${target}${folder}` : folder);
}

function originOf(path: string, target: string): string {
  return path.startsWith(`${target}/`) ? path.slice(target.length) : path;
}

/** Find the lines that write what is there now. */
function linesOf(set: PackageSet, changes: readonly DerivationChange[]): string[] {
  const lines = new Set<string>();
  for (const { after, fields } of changes) {
    const attribute = after === undefined ? undefined : set.attributeOf(after);
    if (attribute === undefined) continue;
    for (const { after: text } of fields) {
      const wanted = text.startsWith('"') ? String(JSON.parse(text)) : text;
      if (wanted === "" || isStorePath(wanted)) continue;
      for (const { definitions, where } of findText(set.package(attribute), wanted))
        for (const { location } of definitions)
          if (location !== undefined) lines.add(`${describeLocation(location)} (${where})`);
    }
  }
  return [...lines];
}
