/**
 * Patterns for file names.
 *
 *     pattern  = segment *( "/" segment )      an absolute one starts with "/"
 *     segment  = "**"                          any number of folders, none too; symlinks are not followed
 *              | *( "*"                        any text
 *                 | "?"                        one character
 *                 | "[" ["!"|"^"] set "]"      one character of a set, with ranges as a-z; or one not of it
 *                 | "\" character              that character itself
 *                 | character )
 *
 * and before all that, `{a,b}` stands for two patterns; braces nest, and without a comma they are plain. As in a
 * shell, a leading dot of a name is only matched by a dot. A pattern that ends with "/" matches folders alone.
 */
import { compareBytes } from "./text.ts";

/** What a pattern is looked up in. Paths are as the pattern has them: relative or absolute. */
export type GlobTree = {
  /** The names in a folder. */
  list(folder: string): readonly string[];
  /** Whether there is something at a path, be it a dangling symlink. */
  exists(path: string): boolean;
  /** Whether there is a folder at a path; `followed` says whether a symlink to one counts. */
  isFolder(path: string, followed: boolean): boolean;
};

/** Find the paths that match a pattern, each once, ordered by bytes. */
export function expandGlob(pattern: string, tree: GlobTree): string[] {
  const found = new Set<string>();
  for (const each of expandBraces(pattern)) {
    const absolute = each.startsWith("/");
    const folders = each.endsWith("/");
    const segments = each.split("/").filter((segment) => segment !== "" && segment !== ".");
    if (segments.length > 0) collect(absolute ? "/" : "", segments, folders, tree, found);
  }
  return [...found].sort(compareBytes);
}

function collect(
  base: string,
  [segment = "", ...rest]: readonly string[],
  folders: boolean,
  tree: GlobTree,
  found: Set<string>,
): void {
  const at = (name: string) => (base === "" || base === "/" ? `${base}${name}` : `${base}/${name}`);
  const take = (path: string) => {
    if (rest.length > 0) {
      if (tree.isFolder(path, true)) collect(path, rest, folders, tree, found);
    } else if (!folders || tree.isFolder(path, true)) found.add(path);
  };
  if (segment === "**") {
    if (rest.length > 0) collect(base, rest, folders, tree, found);
    for (const name of tree.list(base === "" ? "." : base)) {
      if (name.startsWith(".")) continue;
      const path = at(name);
      const folder = tree.isFolder(path, false);
      if (rest.length === 0 && (!folders || folder)) found.add(path);
      if (folder) collect(path, [segment, ...rest], folders, tree, found);
    }
  } else if (/[*?[\\]/.test(segment)) {
    const matcher = compileSegment(segment);
    for (const name of tree.list(base === "" ? "." : base)) if (matcher.test(name)) take(at(name));
  } else {
    const path = at(segment);
    if (tree.exists(path)) take(path);
  }
}

/** Make the regular expression that whole names match which a segment without braces and `**` matches. */
export function compileSegment(segment: string): RegExp {
  let source = /^[*?[]/.test(segment) ? "(?!\\.)" : "";
  for (let at = 0; at < segment.length; at += 1) {
    const letter = segment[at] ?? "";
    const set = letter === "[" ? readSet(segment, at) : undefined;
    if (set !== undefined) {
      source += set.source;
      at = set.end;
    } else if (letter === "*") source += ".*";
    else if (letter === "?") source += ".";
    else if (letter === "\\" && at + 1 < segment.length) {
      at += 1;
      source += escapeRegExp(segment[at] ?? "");
    } else source += escapeRegExp(letter);
  }
  return new RegExp(`^${source}$`, "su");
}

/** Read a set that opens at an index; `undefined` where it is never closed, so that the bracket is plain. */
function readSet(segment: string, start: number): { source: string; end: number } | undefined {
  let at = start + 1;
  const negated = segment[at] === "!" || segment[at] === "^";
  if (negated) at += 1;
  let members = "";
  for (let first = true; at < segment.length; first = false) {
    if (segment[at] === "]" && !first) return { source: `${negated ? "[^/" : "["}${members}]`, end: at };
    const from = readMember(segment, at);
    at = from.end;
    if (segment[at] === "-" && at + 1 < segment.length && segment[at + 1] !== "]") {
      const to = readMember(segment, at + 1);
      at = to.end;
      if (from.code <= to.code) members += `${escapeCode(from.code)}-${escapeCode(to.code)}`;
    } else members += escapeCode(from.code);
  }
  return undefined;
}

function readMember(segment: string, at: number): { code: number; end: number } {
  const start = segment[at] === "\\" && at + 1 < segment.length ? at + 1 : at;
  const code = segment.codePointAt(start) ?? 0;
  return { code, end: start + (code > 0xffff ? 2 : 1) };
}

function escapeCode(code: number): string {
  return `\\u{${code.toString(16)}}`;
}

/** Write a text as a regular expression with the flag `u` that matches it. */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Write out `{a,b}`: the patterns in the order of the alternatives. */
export function expandBraces(pattern: string): string[] {
  const group = findGroup(pattern);
  if (group === undefined) return [pattern];
  const { before, alternatives, after } = group;
  const tails = expandBraces(after);
  return alternatives.flatMap(expandBraces).flatMap((middle) => tails.map((tail) => before + middle + tail));
}

/** Find the first braces with a comma of their own. */
function findGroup(
  pattern: string,
): { before: string; alternatives: readonly string[]; after: string } | undefined {
  for (let start = 0; start < pattern.length; start += 1) {
    if (pattern[start] === "\\") {
      start += 1;
      continue;
    }
    if (pattern[start] !== "{") continue;
    const alternatives: string[] = [];
    let depth = 0;
    let from = start + 1;
    for (let at = start + 1; at < pattern.length; at += 1) {
      const letter = pattern[at];
      if (letter === "\\") at += 1;
      else if (letter === "{") depth += 1;
      else if (letter === "," && depth === 0) {
        alternatives.push(pattern.slice(from, at));
        from = at + 1;
      } else if (letter === "}") {
        if (depth > 0) depth -= 1;
        else if (alternatives.length === 0) break;
        else {
          alternatives.push(pattern.slice(from, at));
          return { before: pattern.slice(0, start), alternatives, after: pattern.slice(at + 1) };
        }
      }
    }
  }
  return undefined;
}
