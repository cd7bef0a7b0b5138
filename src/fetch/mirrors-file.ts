/**
 * The user's mirrors: `${XDG_CONFIG_HOME:-~/.config}/cleave/mirrors.json`.
 *
 *     { "gnu": ["https://mirror.example/gnu/", ...], ... }
 *
 * Keys are the names of mirrors, values the base URLs to try in their order, http, https or file. A name that
 * cleave knows by itself gets these URLs in place of its own. A name stands once and holds small letters, digits, `.`, `_`, `-`.
 */
import { join } from "node:path";
import { CleaveError, quote } from "../base/index.ts";
import type { Machine } from "./machine.ts";

/** The base URLs of each mirror, ending in `/`. */
export type Mirrors = ReadonlyMap<string, readonly string[]>;

/** Give the path of the user's mirrors file. */
export function mirrorsFile({ env, home }: Machine): string {
  const config = env["XDG_CONFIG_HOME"];
  // The specification of base directories has relative paths ignored.
  return join(config?.startsWith("/") ? config : join(home, ".config"), "cleave/mirrors.json");
}

/** Read the user's mirrors; none where there is no file. Throws `mirrors-malformed` with the place. */
export function readMirrorsFile(machine: Machine): Mirrors {
  const file = mirrorsFile(machine);
  const text = machine.read(file);
  return text === undefined ? new Map() : parseMirrors(text, file);
}

/** What can stand in the file: marks, texts, and other JSON values that are recognised to be refused. */
const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|([\w.+-]+)|$)/y;

function parseMirrors(text: string, file: string): Mirrors {
  const refuse = (message: string, offset: number, hint?: string) => {
    const lines = text.slice(0, offset).split("\n");
    return new CleaveError({
      code: "mirrors-malformed",
      message,
      location: { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 },
      hint: hint ?? 'write { "NAME": ["https://HOST/FOLDER/", ...], ... }',
    });
  };
  let at = 0;
  /** Read the next token; the empty text is the end. */
  const next = (wanted: string, allowed: (token: string) => boolean) => {
    token.lastIndex = at;
    const found = token.exec(text);
    const read = found?.[1] ?? found?.[2] ?? found?.[3] ?? "";
    const offset =
      found === null ? at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0) : token.lastIndex - read.length;
    if (found === null || !allowed(read))
      throw refuse(`the mirrors file has ${describe(text, offset, read)} where ${wanted} should be`, offset);
    at = token.lastIndex;
    return { read, offset };
  };
  const isText = (read: string) => read.startsWith('"');
  const mirrors = new Map<string, readonly string[]>();
  next("{", (read) => read === "{");
  for (let first = true; ; first = false) {
    const key = next(
      `${first ? "" : "the next "}name or }`,
      (read) => isText(read) || (first && read === "}"),
    );
    if (key.read === "}") break;
    const name: string = JSON.parse(key.read);
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
      throw refuse(
        `${quote(name)} cannot be the name of a mirror`,
        key.offset,
        "names hold small letters, digits, dots, dashes and underscores",
      );
    if (mirrors.has(name)) throw refuse(`the mirror ${name} stands twice`, key.offset);
    next(":", (read) => read === ":");
    next(`the list of URLs of ${name}`, (read) => read === "[");
    const urls: string[] = [];
    do {
      const { read, offset } = next("a URL", isText);
      urls.push(
        readBase(JSON.parse(read), (message) => refuse(`the mirror ${name} lists ${message}`, offset)),
      );
    } while (next(", or ]", (read) => read === "," || read === "]").read === ",");
    mirrors.set(name, urls);
    if (next(", or }", (read) => read === "," || read === "}").read === "}") break;
  }
  next("the end", (read) => read === "");
  return mirrors;
}

function describe(text: string, offset: number, read: string): string {
  if (offset >= text.length) return "its end";
  return quote(read === "" ? String.fromCodePoint(text.codePointAt(offset) ?? 0) : read);
}

function readBase(url: string, refuse: (message: string) => CleaveError): string {
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== "http:" && protocol !== "https:" && protocol !== "file:")
    throw refuse(`${quote(url)}, which is no http, https or file URL`);
  return url.endsWith("/") ? url : `${url}/`;
}
