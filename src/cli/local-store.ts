/** What the commands on a store share. */
import { readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CleaveError, encodeText, quote } from "../base/index.ts";
import type { StorePath } from "../nix/index.ts";
import {
  type Collected,
  findRoot,
  type LocalStore,
  type OpenOptions,
  openLocalStore,
} from "../store/index.ts";
import type { Io, Option } from "./command.ts";

export const jsonOption: Readonly<Record<"json", Option>> = {
  json: { type: "boolean", summary: "write a JSON object" },
};

/** Open the user's store, do something with it and close it. */
export async function withStore<T>(
  io: Io,
  work: (store: LocalStore) => Promise<T>,
  options: Pick<OpenOptions, "useReserve"> = {},
): Promise<T> {
  // As every program of Nix: what is made in a store may be read by all, whoever calls.
  const own = process.umask(0o022);
  try {
    await using store = await openLocalStore({ root: findRoot(io.env, io.cwd), emit: io.emit, ...options });
    return await work(store);
  } finally {
    process.umask(own);
  }
}

/**
 * Find the store path that an argument means: a path in the store, as builds see it or where it really lies, or a
 * symlink to one, such as `result`. What is below a store path counts as that. Throws `store-not-in-store`.
 */
export function findStorePath(argument: string, store: LocalStore, { cwd }: Io): StorePath {
  let file = resolve(cwd, argument);
  for (let steps = 0; argument !== "" && steps < 40; steps += 1) {
    const path = store.storePathOf(file);
    if (path !== undefined) return path;
    const link = firstLink(file);
    if (link === undefined) break;
    file = link;
  }
  throw new CleaveError({
    code: "store-not-in-store",
    message: `${quote(argument)} is no path in the store`,
    hint: "name a path like /nix/store/<32 characters>-<name>, or a symlink to one",
  });
}

/** Find the store paths that arguments mean. */
export function findStorePaths(args: readonly string[], store: LocalStore, io: Io): StorePath[] {
  return args.map((argument) => findStorePath(argument, store, io));
}

/** Write paths, byte strings, one to a line, or as a JSON object. */
export async function writePaths(paths: readonly string[], json: boolean, { write }: Io): Promise<void> {
  if (json) await write(`${JSON.stringify({ paths })}\n`);
  else if (paths.length > 0) await write(encodeText(paths.map((path) => `${path}\n`).join("")));
}

/** Write what was deleted, as one line or as a JSON object. */
export async function writeCollected(
  { paths, bytesFreed }: Collected,
  json: boolean,
  { write }: Io,
): Promise<void> {
  await write(
    json
      ? `${JSON.stringify({ paths, bytesFreed })}\n`
      : `${paths.length} store paths deleted, ${(bytesFreed / 2 ** 20).toFixed(2)} MiB freed\n`,
  );
}

/** Resolve the first symlink on the way to a file. */
function firstLink(file: string): string | undefined {
  const names = file.split("/").slice(1);
  for (let at = 1; at <= names.length; at += 1) {
    const part = `/${names.slice(0, at).join("/")}`;
    try {
      return join(resolve(dirname(part), readlinkSync(part)), ...names.slice(at));
    } catch {
      // Not a link, or not there: look at what is below.
    }
  }
  return undefined;
}
