/**
 * Nix's builtin builders that belong here, as Nix 2.8 has them. They run outside of any sandbox: what they can reach is
 * what their variables name.
 *
 *     builtin:fetchurl         url, urls?        the file's places in order; `urls` is cleave's, apart by blanks
 *                              out               where it goes
 *                              outputHash, outputHashAlgo, outputHashMode     checked here where it is flat
 *                              executable = 1    the file can be run
 *                              unpack = 1        the file is a NAR, compressed with xz if `url` ends in .xz
 *     builtin:unpack-channel   src, channelName, out
 */
import { randomBytes } from "node:crypto";
import { chmodSync, createReadStream, rmSync } from "node:fs";
import { CleaveError, type Emit, encodeText, quote } from "../base/index.ts";
import { type Hash, parseHash, parseHashAlgorithm, restorePath } from "../nix/index.ts";
import { makeReader } from "./archive/reader.ts";
import { decodeXz } from "./archive/xz.ts";
import type { Fetcher } from "./fetch-url.ts";
import { unpackChannel } from "./unpack.ts";

export type BuiltinJob = {
  /** The derivation's variables, with `out` and all placeholders filled in. */
  readonly env: ReadonlyMap<string, string>;
  /** Give where a store path lies on disk. */
  readonly realPath: (path: string) => string;
  readonly fetcher: Fetcher;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
};

/** Makes the output of a derivation. Throws `builtin-variable`, and the errors of fetching and unpacking. */
export type Builtin = (job: BuiltinJob) => Promise<void>;

/** The builtin builders, by what a derivation calls them. */
export const builtins: ReadonlyMap<string, Builtin> = new Map([
  ["builtin:fetchurl", fetchurl],
  ["builtin:unpack-channel", unpackChannelBuiltin],
]);

async function fetchurl({ env, realPath, fetcher, signal }: BuiltinJob): Promise<void> {
  const url = variable(env, "url");
  const out = realPath(variable(env, "out"));
  const name = env.get("name") ?? url;
  const urls = [url, ...(env.get("urls") ?? "").split(/\s+/).filter((each) => each !== "" && each !== url)];
  if (env.get("unpack") !== "1") {
    await fetcher.fetchUrl({ name, urls, hash: flatHash(env), destination: out, signal });
    if (env.get("executable") === "1") chmodSync(encodeText(out), 0o755);
    return;
  }
  const file = `${out}.${randomBytes(8).toString("hex")}.nar`;
  try {
    await fetcher.fetchUrl({ name, urls, destination: file, signal });
    const chunks = createReadStream(encodeText(file), { highWaterMark: 2 ** 18 });
    const nar = url.endsWith(".xz") ? decodeXz(makeReader(chunks)) : chunks;
    await restorePath(out, nar, signal === undefined ? {} : { signal });
    if (env.get("executable") === "1") chmodSync(encodeText(out), 0o755);
  } finally {
    rmSync(encodeText(file), { force: true });
  }
}

async function unpackChannelBuiltin({ env, realPath, emit, signal }: BuiltinJob): Promise<void> {
  await unpackChannel({
    archive: realPath(variable(env, "src")),
    channelName: variable(env, "channelName"),
    destination: realPath(variable(env, "out")),
    emit,
    signal,
  });
}

/** Give the hash that the fetched bytes have to have, where the output's hash is theirs. */
function flatHash(env: ReadonlyMap<string, string>): Hash | undefined {
  const hash = env.get("outputHash");
  if (hash === undefined || hash === "" || env.get("outputHashMode") === "recursive") return undefined;
  const algorithm = env.get("outputHashAlgo") ?? "";
  return parseHash(hash, algorithm === "" ? undefined : parseHashAlgorithm(algorithm));
}

function variable(env: ReadonlyMap<string, string>, name: string): string {
  const value = env.get(name);
  if (value !== undefined) return value;
  throw new CleaveError({
    code: "builtin-variable",
    message: `the derivation ${quote(env.get("name") ?? "")} lacks the variable ${name}, which its builtin builder needs`,
    hint: `add ${name} to the derivation's attributes; structured ones do not count here`,
  });
}
