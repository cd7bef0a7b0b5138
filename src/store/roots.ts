/**
 * Roots of the collector: what it must keep, with all that it refers to.
 *
 * - *direct*: a link in `gcroots` or `profiles`, or in a folder there, to a store path; or a file named after one;
 * - *indirect*: such a link to a link elsewhere that points to a store path, which can be removed anywhere. If that points to where
 *   the path really lies, real Nix does not know it for a root, so there is a direct root in `gcroots/cleave-links`, too, which goes when
 *   the link has gone;
 * - *temporary*: what living processes have in `temproots` (`temporary-roots.ts`);
 * - *running*: what `/proc` shows that processes have open, mapped or in their environment.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CleaveError, decodeText, type Emit, encodeText, fileError, quote } from "../base/index.ts";
import { baseName, formatBase32, isForeignStorePath, type StorePath, storeFolder } from "../nix/index.ts";
import { lookAt, namesIn, targetOf } from "./byte-names.ts";
import { hasCode } from "./fault.ts";
import type { Layout } from "./layout.ts";
import { tryLock } from "./libc.ts";
import { removeLockFile } from "./lock.ts";

/** Paths that are kept, with the names of what keeps each, byte strings. */
export type Roots = Map<StorePath, Set<string>>;

type Find = { readonly layout: Layout; readonly isValid: (path: StorePath) => boolean; readonly emit: Emit };

/** Find all roots but temporary ones. Throws `store-root-unreadable`: who does not know all roots must not delete. */
export function findLastingRoots(find: Find): Roots {
  const roots: Roots = new Map();
  const { layout } = find;
  // Direct roots come before the links beside which they stand, as these go when they lead nowhere.
  for (const folder of [join(layout.roots, direct), layout.roots, layout.profiles])
    findIn(folder, find, roots);
  findRunning(find, roots);
  return roots;
}

/** Find the temporary roots of all processes; files of dead ones are taken away. */
export function findTemporaryRoots({ layout, emit }: Pick<Find, "layout" | "emit">): Roots {
  const roots: Roots = new Map();
  for (const name of readdirSync(layout.temporaryRoots)) {
    if (!/^[0-9]/.test(name)) continue;
    const file = join(layout.temporaryRoots, name);
    let fd: number;
    try {
      fd = openSync(file, constants.O_RDWR);
    } catch (error) {
      if (hasCode(error, "ENOENT")) continue;
      throw error;
    }
    try {
      if (tryLock(fd, "exclusive")) {
        emit({ type: "note", message: `removing stale temporary roots file '${file}'` });
        removeLockFile(fd, file);
        continue;
      }
      for (const path of readFileSync(fd, "latin1").split("\0").slice(0, -1))
        if (isForeignStorePath(path)) addTo(roots, path, `{temp:${Number.parseInt(name, 10)}}`);
    } finally {
      closeSync(fd);
    }
  }
  return roots;
}

/**
 * Make a link a root, and in `gcroots/auto` a link to that link. It points to the store path as builds see it, as Nix has it, or to where
 * that really lies. Throws `store-root-occupied`.
 */
export function addRoot(
  layout: Layout,
  link: string,
  path: StorePath,
  target: "store" | "real" = "store",
): void {
  try {
    makeRoot(layout, link, path, target);
  } catch (error) {
    throw fileError(error, "make the link", link);
  }
}

function makeRoot(layout: Layout, link: string, path: StorePath, target: "store" | "real"): void {
  const old = lookAt(link);
  if (old !== undefined && !(old.isSymbolicLink() && storePathOf(targetOf(link), layout) !== undefined))
    throw new CleaveError({
      code: "store-root-occupied",
      message: `${quote(link)} cannot become a link to ${path}: something else is there`,
      hint: "move it away, or choose another name for the link",
    });
  const real = target === "real" && layout.store !== storeFolder;
  const digest = formatBase32(createHash("sha1").update(encodeText(link)).digest());
  // The direct root comes first, so that no collector finds the path without any.
  if (real) makeLink(join(layout.roots, direct, digest), path);
  try {
    makeLink(link, real ? join(layout.store, baseName(path)) : path);
  } catch (error) {
    throw fileError(error, `make a link to ${path}`, link);
  }
  makeLink(join(layout.roots, "auto", digest), link);
}

/** The folder of direct roots that stand beside links to where paths really lie. */
const direct = "cleave-links";

/** Say whether the link beside which a direct root stands has gone, or points elsewhere by now. */
function isStale(file: string, layout: Layout): boolean {
  const link = look(join(layout.roots, "auto", basename(file)), targetOf);
  // Somebody may be about to make it.
  if (link === undefined) return Date.now() - (look(file, lookAt)?.ctimeMs ?? 0) > 60_000;
  const target = look(link, targetOf);
  return target === undefined || storePathOf(target, layout) !== targetOf(file);
}

/** Give the store path that an absolute path is or lies in, as builds see it or where it really lies. */
export function storePathOf(file: string, { store }: Layout): StorePath | undefined {
  for (const folder of [storeFolder, store]) {
    if (!file.startsWith(`${folder}/`)) continue;
    const path = `${storeFolder}/${file.slice(folder.length + 1).split("/", 1)[0]}`;
    if (isForeignStorePath(path)) return path;
  }
  return undefined;
}

/** Make a folder with all above it. Node's own way never ends where a file system has no room for new names, as in /proc. */
function makeFolders(folder: string): void {
  try {
    mkdirSync(encodeText(folder));
  } catch (error) {
    if (hasCode(error, "EEXIST") && lookAt(folder) !== undefined) return;
    const above = dirname(folder);
    if (!hasCode(error, "ENOENT") || lookAt(above) !== undefined) throw error;
    makeFolders(above);
    mkdirSync(encodeText(folder));
  }
}

function makeLink(link: string, target: string): void {
  makeFolders(dirname(link));
  const temporary = encodeText(`${link}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`);
  symlinkSync(encodeText(target), temporary);
  try {
    renameSync(temporary, encodeText(link));
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}

function addTo(roots: Roots, path: StorePath, link: string): void {
  const links = roots.get(path);
  if (links === undefined) roots.set(path, new Set([link]));
  else links.add(link);
}

function findIn(file: string, find: Find, roots: Roots): void {
  const { layout, emit } = find;
  const found = (link: string, target: string): boolean => {
    const path = storePathOf(target, layout);
    if (path === undefined) return target.startsWith(`${storeFolder}/`);
    if (find.isValid(path)) addTo(roots, path, link);
    else emit({ type: "note", message: `skipping invalid root from '${link}' to '${target}'` });
    return true;
  };
  const stats = look(file, lookAt);
  if (stats?.isDirectory() === true)
    for (const name of look(file, namesIn) ?? []) findIn(join(file, name), find, roots);
  else if (stats?.isSymbolicLink() === true) {
    const target = look(file, targetOf);
    if (target === undefined) return;
    if (file.startsWith(`${join(layout.roots, direct)}/`) && isStale(file, layout)) {
      unlinkSync(encodeText(file));
      return;
    }
    if (found(file, target)) return;
    const other = resolve(dirname(file), target);
    const otherStats = look(other, lookAt, file);
    if (otherStats?.isSymbolicLink() === true) {
      const last = look(other, targetOf, file);
      if (last !== undefined) found(other, last);
    } else if (otherStats === undefined && file.startsWith(`${join(layout.roots, "auto")}/`)) {
      emit({ type: "note", message: `removing stale link from '${file}' to '${other}'` });
      unlinkSync(encodeText(file));
    }
  } else if (stats?.isFile() === true) {
    const path = `${storeFolder}/${basename(file)}`;
    if (isForeignStorePath(path) && find.isValid(path)) addTo(roots, path, file);
  }
}

/** Look at a file for the root `root`; gives nothing where nothing is. Throws `store-root-unreadable`. */
function look<T>(file: string, how: (file: string) => T, root = file): T | undefined {
  try {
    return how(file);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    const cause = fileError(error, "read the file", file);
    if (!(cause instanceof CleaveError)) throw error;
    throw new CleaveError({
      code: "store-root-unreadable",
      message: `the garbage collector root ${quote(root)} cannot be read, so nobody knows what it keeps`,
      hint: "make readable what it names, or remove it; until then nothing is deleted",
      cause,
    });
  }
}

const pathsInText = /\/nix\/store\/[0-9a-z]+[0-9a-zA-Z+\-._?=]*/g;

/** Add what running processes use, as far as this user may see it. */
function findRunning({ layout, isValid }: Find, roots: Roots): void {
  if (!existsSync("/proc")) return;
  const add = (target: string, source: string) => {
    const path = storePathOf(target, layout);
    if (path !== undefined && isValid(path)) addTo(roots, path, source);
  };
  for (const pid of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(pid)) continue;
    const folder = `/proc/${pid}`;
    quietly(() => add(targetOf(`${folder}/exe`), `${folder}/exe`));
    quietly(() => add(targetOf(`${folder}/cwd`), `${folder}/cwd`));
    quietly(() => {
      for (const fd of readdirSync(`${folder}/fd`))
        quietly(() => add(targetOf(`${folder}/fd/${fd}`), `${folder}/fd/${fd}`));
    });
    quietly(() => {
      for (const line of decodeText(readFileSync(`${folder}/maps`)).split("\n")) {
        const at = line.indexOf("/");
        if (at >= 0) add(line.slice(at).trimEnd(), `${folder}/maps`);
      }
    });
    quietly(() => {
      const environment = readFileSync(`${folder}/environ`, "latin1");
      for (const [path] of environment.matchAll(pathsInText)) add(path, `${folder}/environ`);
    });
  }
}

/** Pass over what may not be seen, processes that have just ended, and paths that are too long to be told. */
function quietly(look: () => void): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
  }
}
