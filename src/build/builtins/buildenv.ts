/**
 * Nix's `builtin:buildenv`: one tree of links to the files of several packages.
 *
 *     derivations   words: for each derivation ACTIVE PRIORITY COUNT PATH..., ACTIVE being `false` or not
 *     manifest      what `out/manifest.nix` links to
 *
 * A folder that one package has is a link to it; one that several have is a folder of links. Of two files at one place
 * that of the lower priority number wins; with the same number they collide. Afterwards come the packages that
 * `nix-support/propagated-user-env-packages` of a package names, each after all before it. Names that begin with a dot
 * and those of `passedOver` are left out.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { CleaveError, compareText, decodeText, encodeText, quote } from "../../base/index.ts";
import { hasCode } from "../../store/fault.ts";
import { splitWords } from "../attributes.ts";
import type { Job } from "./job.ts";

/** Files that would only collide. */
const passedOver = [
  "/propagated-build-inputs",
  "/nix-support",
  "/perllocal.pod",
  "/info/dir",
  "/log",
  "/manifest.nix",
  "/manifest.json",
];

type Package = { readonly path: string; readonly active: boolean; readonly priority: number };

/** Make an environment. Throws `builtin-variable` and `build-collision`. */
export async function buildenv({ env, view, ownPath, emit }: Job): Promise<void> {
  const variable = (name: string): string => {
    const value = env.get(name);
    if (value !== undefined) return value;
    throw malformed(`lacks the variable ${name}`);
  };
  const out = variable("out");
  const host = (path: string): Buffer => encodeText(ownPath(path));
  const priorities = new Map<string, number>();

  const look = (path: string): Stats | undefined => {
    try {
      return lstatSync(host(path));
    } catch (error) {
      if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
  };
  const linkTarget = (path: string): string => decodeText(readlinkSync(host(path), { encoding: "buffer" }));

  const link = (from: string, to: string, priority: number): void => {
    let names: string[];
    try {
      const folder = view(from);
      if (!folder.found) throw malformed(`names ${quote(from)}, which is not there`);
      names = readdirSync(encodeText(folder.host), { encoding: "buffer" }).map(decodeText).sort(compareText);
    } catch (error) {
      if (!hasCode(error, "ENOTDIR")) throw error;
      emit({ type: "warning", message: `${quote(from)} is left out, since it is no folder` });
      return;
    }
    for (const name of names)
      if (!name.startsWith(".")) linkEntry(`${from}/${name}`, `${to}/${name}`, priority);
  };

  const linkEntry = (source: string, place: string, priority: number): void => {
    const found = view(source);
    if (!found.found) {
      emit({ type: "warning", message: `the link ${quote(source)} leads nowhere, and is left out` });
      return;
    }
    if (passedOver.some((ending) => source.endsWith(ending))) return;
    const there = look(place);
    if (there !== undefined && found.status.isDirectory()) {
      if (there.isSymbolicLink()) {
        const target = view(place);
        if (!target.found || !target.status.isDirectory()) throw collision(source, linkTarget(place));
        const before = linkTarget(place);
        unlinkSync(host(place));
        mkdirSync(host(place));
        link(before, place, priorities.get(place) ?? priority);
      }
      link(source, place, priority);
      return;
    }
    if (there !== undefined) {
      if (!there.isSymbolicLink()) throw collision(source, place);
      const before = priorities.get(place) ?? 0;
      if (before === priority) throw collision(source, linkTarget(place), priority);
      if (before < priority) return;
      unlinkSync(host(place));
    }
    symlinkSync(encodeText(source), host(place));
    priorities.set(place, priority);
  };

  mkdirSync(host(out));
  const done = new Set<string>();
  let postponed = new Set<string>();
  const add = (path: string, priority: number): void => {
    if (done.has(path)) return;
    done.add(path);
    link(path, out, priority);
    const file = view(`${path}/nix-support/propagated-user-env-packages`);
    if (!file.found) return;
    for (const each of splitWords(decodeText(readFileSync(encodeText(file.host)))) ?? [])
      if (!done.has(each)) postponed.add(each);
  };
  for (const { path, active, priority } of readPackages(variable("derivations")))
    if (active) add(path, priority);
  for (let priority = 1000; postponed.size > 0; ) {
    const now = [...postponed].sort(compareText);
    postponed = new Set();
    for (const path of now) add(path, priority++);
  }
  symlinkSync(encodeText(variable("manifest")), host(`${out}/manifest.nix`));
}

/** Read `derivations`; gives the packages in the order in which they are linked. */
function readPackages(text: string): readonly Package[] {
  const words = splitWords(text) ?? [];
  const packages: Package[] = [];
  for (let at = 0; at < words.length; ) {
    const [active, priority, count] = words.slice(at, at + 3);
    if (!/^-?[0-9]+$/.test(priority ?? "") || !/^[0-9]+$/.test(count ?? ""))
      throw malformed("has no number where one must be in its variable derivations");
    const paths = words.slice(at + 3, at + 3 + Number(count));
    if (paths.length < Number(count)) throw malformed("has too few paths in its variable derivations");
    for (const path of paths) packages.push({ path, active: active !== "false", priority: Number(priority) });
    at += 3 + paths.length;
  }
  return packages.sort((a, b) => a.priority - b.priority || compareText(a.path, b.path));
}

function malformed(what: string): CleaveError {
  return new CleaveError({
    code: "builtin-variable",
    message: `an environment of builtin:buildenv ${what}`,
    hint: "derivations holds ACTIVE PRIORITY COUNT PATH... for each derivation, manifest a path",
  });
}

function collision(one: string, other: string, priority?: number): CleaveError {
  return new CleaveError({
    code: "build-collision",
    message:
      priority === undefined
        ? `${quote(one)} and ${quote(other)} come to one place, and one of them is no folder`
        : `${quote(one)} and ${quote(other)} come to one place, and both have the priority ${priority}`,
    hint: "leave one of the packages out, or give it another priority: that of the lower number wins",
  });
}
