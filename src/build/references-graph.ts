/**
 * `exportReferencesGraph`: closures that a builder gets to know, as files or in its structured attributes.
 *
 * Without structured attributes it is a list of words, `NAME PATH NAME PATH ...`, and each NAME becomes a file in
 * the build folder that describes the closure of its PATH, by path:
 *
 *     <path>\n<deriver, here empty>\n<number of references>\n<references, a line each>
 *
 * A PATH may go further than the store path. With structured attributes it is an object of lists of store paths, and each
 * name becomes a member with the closure as a list of objects.
 */
import { CleaveError, quote } from "../base/index.ts";
import { isJsonRecord, type JsonRecord, type JsonValue } from "../nix/derivation/json-text.ts";
import {
  type Derivation,
  formatContentAddress,
  formatNamedHash,
  isStorePath,
  type StorePath,
  splitStorePath,
  structuredAttrs,
} from "../nix/index.ts";
import type { PathInfo } from "../store/index.ts";
import { splitWords } from "./attributes.ts";

/** Closures by name, each whole and in the order of the bytes of its paths. */
export type Graphs = ReadonlyMap<string, readonly PathInfo[]>;

/** Say which closures a derivation asks for: paths by name. Throws `build-bad-attribute`. */
export function wantedGraphs(derivation: Derivation): ReadonlyMap<string, readonly StorePath[]> {
  const attrs = structuredAttrs(derivation);
  return attrs === undefined
    ? wantedByWords(derivation)
    : wantedByObject(derivation, attrs["exportReferencesGraph"]);
}

function wantedByWords(derivation: Derivation): ReadonlyMap<string, readonly StorePath[]> {
  const words = splitWords(derivation.env.get("exportReferencesGraph")) ?? [];
  if (words.length % 2 !== 0)
    throw refuse(derivation, `holds ${words.length} words, which is no even number`);
  const wanted = new Map<string, readonly StorePath[]>();
  for (let at = 0; at < words.length; at += 2) {
    const [name = "", path = ""] = words.slice(at, at + 2);
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
      throw refuse(derivation, `names ${quote(name)}, which cannot be the name of a file there`);
    wanted.set(name, [inStore(derivation, path)]);
  }
  return wanted;
}

function wantedByObject(
  derivation: Derivation,
  value: JsonValue | undefined,
): ReadonlyMap<string, readonly StorePath[]> {
  const wanted = new Map<string, readonly StorePath[]>();
  if (!isJsonRecord(value)) return wanted;
  for (const [name, paths] of Object.entries(value)) {
    const list = Array.isArray(paths) ? paths : [paths];
    wanted.set(
      name,
      list.map((path) => {
        if (typeof path !== "string" || !isStorePath(path))
          throw refuse(derivation, `holds no store path in ${quote(name)}`);
        return path;
      }),
    );
  }
  return wanted;
}

/** Write a closure as the file that a builder without structured attributes gets. */
export function formatGraph(nodes: readonly PathInfo[]): string {
  return nodes
    .map(
      ({ path, references }) =>
        `${path}\n\n${references.length}\n${references.map((each) => `${each}\n`).join("")}`,
    )
    .join("");
}

/** Give a closure as the value that stands in structured attributes: of each path also the bytes of all NARs in its own closure. */
export function graphAttrs(nodes: readonly PathInfo[]): JsonRecord[] {
  const known = new Map(nodes.map((node) => [node.path, node]));
  const sizeOf = (path: StorePath): number => {
    const reached = new Set([path]);
    let size = 0;
    for (const each of reached) {
      const info = known.get(each);
      size += info?.narSize ?? 0;
      for (const next of info?.references ?? []) reached.add(next);
    }
    return size;
  };
  return nodes.map(({ path, narHash, narSize, references, contentAddress }) => ({
    ...(contentAddress === undefined ? {} : { ca: formatContentAddress(contentAddress) }),
    closureSize: sizeOf(path),
    narHash: formatNamedHash(narHash, "nix32"),
    narSize,
    path,
    references,
  }));
}

function inStore(derivation: Derivation, path: string): StorePath {
  try {
    return splitStorePath(path).path;
  } catch (cause) {
    throw refuse(derivation, `names ${quote(path)}, which is not in the store`, cause);
  }
}

function refuse({ name }: Derivation, what: string, cause?: unknown): CleaveError {
  return new CleaveError({
    code: "build-bad-attribute",
    message: `the attribute exportReferencesGraph of the derivation ${name} ${what}`,
    hint: "it is a list NAME PATH NAME PATH ..., or with structured attributes an object of lists of paths",
    cause,
  });
}
