/** A package as its dependants see it: what can be written down, and read again without evaluating the package. */
import type { Json } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";

export type PackageInterface = {
  /** The name by which the package set knows it. */
  readonly attribute: string;
  readonly name: string;
  readonly version: string;
  /** The canonical derivation. */
  readonly derivation: StorePath;
  /** Its hash modulo, in base16: all that the paths of dependants need of it. */
  readonly modulo: string;
  /** Store paths by output name. */
  readonly outputs: Readonly<Record<string, StorePath>>;
  /** The path of the output that the package as a whole stands for. */
  readonly path: StorePath;
  readonly exports: Exports;
};

/** What a package offers to those that depend on it. Folders are store paths. */
export type Exports = {
  /** Folders with programs. */
  readonly programs: readonly string[];
  /** Folders with headers. */
  readonly include: readonly string[];
  /** Folders with libraries. */
  readonly lib: readonly string[];
  /** Names of libraries to link, in order, without `-l`. */
  readonly link: readonly string[];
  /** Attributes of packages that who links to this one needs as well. */
  readonly requires: readonly string[];
  readonly data: Json;
};

/** A machine that programs run on. */
export type Platform = { readonly cpu: string; readonly kernel: string; readonly abi: string };
export type Platforms = { readonly build: Platform; readonly host: Platform; readonly target: Platform };

/** What an evaluation of a package is given of the world around it. */
export type PackageContext = {
  readonly attribute: string;
  readonly platforms: Platforms;
  /**
   * Give a package of the set: a tool for the build platform, a library for the host platform. Throws for a name that
   * the set does not have, and where packages need each other in a circle.
   */
  readonly resolve: (attribute: string, role: Role) => PackageInterface;
};

export type Role = "tools" | "libraries";
