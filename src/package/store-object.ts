/**
 * What a recipe can hand to a build besides plain data: files and things fetched. Each has a store path that is known
 * at evaluation. In data, an object stands for its path, and becomes an input of the phase that gets it.
 */
import { CleaveError, quote } from "../base/index.ts";
import {
  checkStorePathName,
  encodeNar,
  formatHash,
  type Hash,
  hashBytes,
  type MadeDerivation,
  makeDerivation,
  makeFixedOutputPath,
  makeHasher,
  makeTextPath,
  type NarTree,
  outputPlaceholder,
  parseHash,
  type StorePath,
} from "../nix/index.ts";
import { graph } from "./graph.ts";

/** A file of a recipe, or a text that it made. It goes into the store as Nix's `builtins.toFile` does it. */
export class StoreFile {
  readonly name: string;
  readonly #content: Uint8Array;
  #path: StorePath | undefined;

  constructor(name: string, content: Uint8Array) {
    this.name = name;
    this.#content = content;
  }

  /** A copy: nobody changes what others are handed too. */
  get content(): Uint8Array {
    return Uint8Array.from(this.#content);
  }

  get path(): StorePath {
    this.#path ??= makeTextPath(this.name, hashBytes("sha256", this.#content));
    return this.#path;
  }
  toString(): string {
    return this.path;
  }
}

/** What is fetched from outside and checked by its hash: its store path follows from name and hash alone. */
export type FetchRequest = {
  readonly name: string;
  /** Its places: the upstream one first; `mirror://` ones are resolved by the configuration of the machine. */
  readonly urls: readonly [string, ...string[]];
  /** Of the file as it is served, in any form that Nix reads. */
  readonly hash: string;
};

/** A file or tree that a derivation of a builtin builder makes. */
export class Fetched {
  readonly name: string;
  /** Where in the output the content is: a path with a slash in front, or nothing. */
  readonly #inside: string;
  /** In order: each needs those before it. */
  readonly derivations: readonly MadeDerivation[];

  constructor(name: string, derivations: readonly MadeDerivation[], inside = "") {
    this.name = name;
    this.derivations = derivations;
    this.#inside = inside;
  }

  /** The derivation that makes the content. */
  get derivation(): MadeDerivation {
    const last = this.derivations.at(-1);
    if (last === undefined) throw new Error(`${this.name} has no derivation`);
    return last;
  }
  /** The output that holds the content. */
  get output(): StorePath {
    const output = this.derivation.derivation.outputs.get("out");
    if (output === undefined || !("path" in output)) throw new Error(`${this.name} has no known path`);
    return output.path;
  }
  get path(): string {
    return this.output + this.#inside;
  }
  toString(): string {
    return this.path;
  }
}

/** A folder of a recipe, as Nix takes a path into the store: contents, executable bits and symlinks. */
export class StoreTree {
  readonly name: string;
  readonly tree: NarTree;
  #path: StorePath | undefined;

  constructor(name: string, tree: NarTree) {
    this.name = name;
    this.tree = tree;
  }

  get path(): StorePath {
    if (this.#path === undefined) {
      const hasher = makeHasher("sha256");
      for (const chunk of encodeNar(this.tree)) hasher.update(chunk);
      this.#path = makeFixedOutputPath(this.name, "recursive", hasher.finish());
    }
    return this.#path;
  }
  toString(): string {
    return this.path;
  }
}

export type StoreObject = StoreFile | StoreTree | Fetched;

/** Tell whether a value is one that stands for a store path. */
export function isStoreObject(value: unknown): value is StoreObject {
  return value instanceof StoreFile || value instanceof StoreTree || value instanceof Fetched;
}

/** Fetch a file as it is served. Throws `package-fetch`. */
export function fetchUrl(request: FetchRequest): Fetched {
  const { name, urls, hash } = checkRequest("fetchUrl", request);
  return new Fetched(name, [fetchDerivation(name, urls, readHash(name, hash))]);
}

/**
 * Fetch an archive and unpack it, before there is a tool for that: tar (with gzip, bzip2, xz) with one folder at the
 * top, whose content the path stands for. Throws `package-fetch`.
 */
export function fetchTarball(request: FetchRequest): Fetched {
  const { name, urls, hash } = checkRequest("fetchTarball", request);
  const archive = fetchDerivation(`${name}-archive`, urls, readHash(name, hash));
  const output = archive.derivation.outputs.get("out");
  if (output === undefined || !("path" in output)) throw new Error("a fixed output has a path");
  const unpacked = makeDerivation(
    {
      name,
      platform: "builtin",
      builder: "builtin:unpack-channel",
      env: Object.entries({
        name,
        system: "builtin",
        builder: "builtin:unpack-channel",
        src: output.path,
        channelName: "content",
        preferLocalBuild: "1",
      }),
      inputDrvs: new Map([[archive.path, { outputs: ["out"] }]]),
    },
    graph,
  );
  return new Fetched(name, [archive, unpacked], "/content");
}

/** Recipes that no compiler has seen may hand over anything. */
function checkRequest(called: string, request: unknown): FetchRequest {
  const given: Readonly<Record<string, unknown>> = { ...(typeof request === "object" ? request : {}) };
  const wrong = (what: string) =>
    new CleaveError({
      code: "package-fetch",
      message: `${called} takes { name, urls, hash }, and here ${what}`,
      hint: 'such as { name: "hello-2.10.tar.gz", urls: ["https://…"], hash: "sha256-…" }; cleave fetch URL prints the hash',
    });
  if (typeof request !== "object" || request === null) throw wrong(`it is handed ${quote(String(request))}`);
  for (const name of ["name", "hash"])
    if (typeof given[name] !== "string")
      throw wrong(`${name} is ${given[name] === undefined ? "missing" : "no text"}`);
  if (!Array.isArray(given["urls"]))
    throw wrong(`urls is ${given["urls"] === undefined ? "missing" : "no list"}`);
  try {
    checkStorePathName(`${given["name"]}${called === "fetchUrl" ? "" : "-archive"}.drv`);
  } catch (cause) {
    throw cause instanceof CleaveError
      ? new CleaveError({
          code: "package-fetch",
          message: `the name ${quote(String(given["name"]))} is none for a store path`,
          hint: cause.hint,
        })
      : cause;
  }
  return request as FetchRequest;
}

function readHash(name: string, text: string): Hash {
  try {
    return parseHash(text);
  } catch (cause) {
    throw new CleaveError({
      code: "package-fetch",
      message: `the hash of ${quote(name)}, ${quote(String(text))}, is none`,
      hint: "cleave fetch URL prints the hash of what is there",
      cause,
    });
  }
}

function fetchDerivation(name: string, urls: readonly string[], hash: Hash): MadeDerivation {
  const [url] = urls;
  if (url === undefined || urls.some((each) => typeof each !== "string" || /\s/.test(each)))
    throw new CleaveError({
      code: "package-fetch",
      message: `${quote(name)} is to be fetched from ${url === undefined ? "nowhere" : "what is no URL"}`,
      hint: "urls is a list of at least one URL, each a text without white space",
    });
  return makeDerivation(
    {
      name,
      platform: "builtin",
      builder: "builtin:fetchurl",
      addressing: { type: "fixed", method: "flat", hash },
      env: Object.entries({
        name,
        system: "builtin",
        builder: "builtin:fetchurl",
        url,
        urls: urls.join(" "),
        executable: "",
        unpack: "",
        outputHash: formatHash(hash, "base16"),
        outputHashAlgo: hash.algorithm,
        outputHashMode: "flat",
        preferLocalBuild: "1",
        impureEnvVars: "http_proxy https_proxy ftp_proxy all_proxy no_proxy",
        out: outputPlaceholder("out"),
      }),
    },
    graph,
  );
}
