/**
 * Store paths.
 *
 *     store path = "/nix/store/" base name
 *     base name  = hash part "-" name
 *     hash part  = 32 digits of nix32, 20 bytes
 *     name       = 1 to 211 of 0-9 a-z A-Z + - . _ ? =
 *
 * A name must not be `.` or `..` nor start with `.-` or `..-`. That is the rule of current Nix (2.20 and later)
 * and stricter than 2.8's, which takes any leading dot; so what is valid here is valid for both. What 2.8 has put
 * into a store, such as `<hash part>-.` for `nix-store --add .`, is a *foreign* store path. Other stores than
 * `/nix/store` have other hash parts; cleave has none.
 */
import { CleaveError, compareText, quote } from "../base/index.ts";
import { base32Worth } from "./base32.ts";

/** The folder of every store path, as builds see it. */
export const storeFolder = "/nix/store";

const prefix = `${storeFolder}/`;
const hashPartLength = 32;
const nameStart = prefix.length + hashPartLength + 1;
const longestName = 211;

declare const brand: unique symbol;

/**
 * A store path, always `/nix/store/<hash part>-<name>`. Made by {@link parseStorePath} and what calls it, or by
 * {@link parseForeignStorePath} where it is one of a store that others write to.
 */
export type StorePath = string & { readonly [brand]: "StorePath" };

/** Read an absolute store path, without anything below it. Throws `store-path-malformed`. */
export function parseStorePath(text: string): StorePath {
  const wrong = text.startsWith(prefix)
    ? baseNameMistake(text.slice(prefix.length))
    : `is not in ${storeFolder}`;
  if (wrong === undefined) return text as StorePath;
  throw new CleaveError({
    code: "store-path-malformed",
    message: `${quote(text)} is no store path: it ${wrong}`,
    hint: `a store path is ${prefix}, 32 digits of nix32, a dash and a name`,
  });
}

/** Read a store path of a store that others write to, whatever dots its name starts with. Throws `store-path-malformed`. */
export function parseForeignStorePath(text: string): StorePath {
  return isForeignStorePath(text) ? text : parseStorePath(text);
}

/** Read a base name, as narinfos and link targets have it. Throws `store-path-malformed`. */
export function parseBaseName(text: string): StorePath {
  const wrong = baseNameMistake(text);
  if (wrong === undefined) return (prefix + text) as StorePath;
  throw new CleaveError({
    code: "store-path-malformed",
    message: `${quote(text)} is no base name of a store path: it ${wrong}`,
    hint: "a base name is 32 digits of nix32, a dash and a name",
  });
}

/**
 * Split an absolute path in the store into the store path and what is below it, which is empty or starts with a
 * slash. Throws `store-path-malformed`.
 */
export function splitStorePath(text: string): { readonly path: StorePath; readonly below: string } {
  const slash = text.startsWith(prefix) ? text.indexOf("/", prefix.length) : -1;
  return slash < 0
    ? { path: parseStorePath(text), below: "" }
    : { path: parseStorePath(text.slice(0, slash)), below: text.slice(slash) };
}

/** Say whether a text is a store path. */
export function isStorePath(text: string): text is StorePath {
  return text.startsWith(prefix) && baseNameMistake(text.slice(prefix.length)) === undefined;
}

/** Say whether a text is a store path, whatever dots its name starts with: for paths of a store that others write to. */
export function isForeignStorePath(text: string): text is StorePath {
  // Dots count as much as any other letter.
  return isStorePath(text) || (text[nameStart] === "." && isStorePath(text.replaceAll(".", "_")));
}

/** Check the name of a store path. Throws `store-path-malformed`. */
export function checkStorePathName(name: string): void {
  const wrong = nameMistake(name);
  if (wrong === undefined) return;
  throw new CleaveError({
    code: "store-path-malformed",
    message: `${quote(name)} is no name for a store path: it ${wrong}`,
    hint: `a name is 1 to ${longestName} of the letters a to z and A to Z, digits and + - . _ ? =`,
  });
}

/** Give the 32 digits that make a store path different from all others. */
export function hashPart(path: StorePath): string {
  return path.slice(prefix.length, nameStart - 1);
}

/** Give the name of a store path: what follows the hash part and its dash. */
export function namePart(path: StorePath): string {
  return path.slice(nameStart);
}

/** Give a store path without its folder. */
export function baseName(path: StorePath): string {
  return path.slice(prefix.length);
}

/** Put store paths in the order of their bytes, each once: as Nix keeps sets of them. */
export function sortStorePaths(paths: Iterable<StorePath>): StorePath[] {
  return [...new Set(paths)].sort(compareText);
}

/** Say what is wrong with a base name, if anything is. */
function baseNameMistake(text: string): string | undefined {
  if (text.includes("/")) return "holds a slash after the base name";
  if (text.length < hashPartLength + 1) return "is too short";
  for (let at = 0; at < hashPartLength; at += 1)
    if (base32Worth(text.charCodeAt(at)) < 0)
      return `has ${quote(text.charAt(at))} in its hash part, which is no digit of nix32`;
  if (text[hashPartLength] !== "-") return "has no dash after 32 digits";
  return nameMistake(text.slice(hashPartLength + 1));
}

/** Say what is wrong with a name, if anything is. */
function nameMistake(name: string): string | undefined {
  if (plainName.test(name) && name.length <= longestName) return undefined;
  if (name === "") return "has an empty name";
  if (name.length > longestName)
    return `has a name of ${name.length} characters, which is more than ${longestName}`;
  const odd = /[^0-9a-zA-Z+\-._?=]/u.exec(name);
  if (odd !== null) return `has ${quote(odd[0])} in its name`;
  const dots = /^(\.\.?)(-|$)/.exec(name);
  if (dots !== null) return `has a name that is or starts with ${dots[0]}`;
  return undefined;
}

/** Nearly every name. */
const plainName = /^[0-9a-zA-Z+\-_?=][0-9a-zA-Z+\-._?=]*$/;
