/**
 * The archives that apt is configured to use (sources.list(5)), as far as mirrors need them: their base URIs.
 *
 *     one-line  = ( "deb" | "deb-src" ) [ "[" options "]" ] URI suite component* [ "#" comment ]
 *     deb822    = stanzas apart by empty lines; fields "Name: value" with lines of continuation that open with
 *                 white space; "URIs" lists several; "Enabled: no" takes the stanza away; "#" opens a comment line
 *
 * Files are `/etc/apt/sources.list`, then those of `/etc/apt/sources.list.d` that end in `.list` (one-line) or
 * `.sources` (deb822), in the order of their names. What cannot be read as an entry is passed over: to judge
 * these files is apt's business. Only http and https are taken.
 */
import { compareText } from "../base/index.ts";
import type { Machine } from "./machine.ts";

const folder = "/etc/apt";

/** List the base URIs of the machine's Debian archives, each once and ending in `/`, in apt's order. */
export function aptArchives(machine: Machine): string[] {
  const parts = machine
    .list(`${folder}/sources.list.d`)
    .filter((name) => /^[A-Za-z0-9_.-]+\.(list|sources)$/.test(name))
    .toSorted(compareText)
    .map((name) => `${folder}/sources.list.d/${name}`);
  const uris = [`${folder}/sources.list`, ...parts].flatMap((file) => {
    const text = machine.read(file) ?? "";
    return file.endsWith(".sources") ? readStanzas(text) : readLines(text);
  });
  return [...new Set(uris.filter(isDebian).map((uri) => (uri.endsWith("/") ? uri : `${uri}/`)))];
}

/** Read the URIs of a file in the one-line style. */
function readLines(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const found = /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?([^\s#]+)\s+\S/.exec(line);
    return found?.[1] === undefined ? [] : [found[1]];
  });
}

/** Read the URIs of a file in the deb822 style. */
function readStanzas(text: string): string[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines
    .join("\n")
    .split(/\n[ \t\r]*\n/)
    .flatMap((stanza) => {
      const fields = new Map(
        stanza
          .replaceAll(/\r?\n[ \t]+/g, " ")
          .split(/\r?\n/)
          .map((line): [string, string] => {
            const colon = line.indexOf(":");
            return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
          }),
      );
      const off = /^(no|false|without|off|disable)$/i.test(fields.get("enabled") ?? "yes");
      return off ? [] : (fields.get("uris") ?? "").split(/\s+/).filter((uri) => uri !== "");
    });
}

/** Tell Debian's archives and their mirrors from the archives of others, by host and path. */
function isDebian(uri: string): boolean {
  const url = URL.parse(uri);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return /(^|\.)debian\.org$/.test(url.hostname) || /\/debian(-[a-z-]+)?(\/|$)/.test(url.pathname);
}
