/**
 * What a recipe can hand to a build besides plain data: files, things fetched, packages. Each has a store path that is
 * known at evaluation. In data, an object stands for its path, and becomes an input of the phase that gets it.
 */
import { createHash } from "node:crypto";
import type { Json } from "../base/index.ts";
import { type Hash, makeHash, makeTextPath, type StorePath } from "../nix/index.ts";

/** A file of a recipe, or a text that it made. */
export class StoreFile {
  readonly name: string;
  readonly content: Uint8Array;
  /** Where the content is from, for messages; it decides nothing. */
  readonly origin: string | undefined;
  #path: StorePath | undefined;

  constructor(name: string, content: Uint8Array, origin?: string) {
    this.name = name;
    this.content = content;
    this.origin = origin;
  }

  get path(): StorePath {
    this.#path ??= makeTextPath(this.name, sha256(this.content));
    return this.#path;
  }
  toString(): string {
    return this.path;
  }
}

/** Something from outside, checked by its hash. */
export type FetchRequest = {
  readonly name: string;
  /** Its places: the upstream one first; `mirror://` ones are resolved by the machine's configuration. */
  readonly urls: readonly string[];
  /** Of the file as it is served, in any form that Nix reads. */
  readonly hash: string;
  /** Whether the file may be run. */
  readonly executable?: boolean;
};

/** A package as others see it: what of it may be written down and read again without evaluating it. */
export type PackageInterface = {
  /** The name by which the package set knows it. */
  readonly attribute: string;
  readonly name: string;
  readonly version: string;
  readonly derivation: StorePath;
  /** Store paths by output name. */
  readonly outputs: Readonly<Record<string, StorePath>>;
  /** The output that the package as a whole stands for. */
  readonly defaultOutput: string;
  readonly exports: Exports;
};

/** What a package offers to those that depend on it. Paths are below an output: `dev/include` is in the output `dev`. */
export type Exports = {
  /** Folders with programs. */
  readonly programs: readonly string[];
  /** Folders with headers. */
  readonly include: readonly string[];
  /** Folders with libraries. */
  readonly lib: readonly string[];
  /** Names of libraries to link, in order. */
  readonly link: readonly string[];
  /** Packages that whoever links to this one needs as well. */
  readonly requires: readonly string[];
  /** Anything else. */
  readonly data: Json;
};

function sha256(content: Uint8Array): Hash {
  return makeHash("sha256", createHash("sha256").update(content).digest());
}
