import { closeSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { CleaveError, encodeText } from "../base/index.ts";
import {
  baseName,
  equalHash,
  formatHash,
  formatNamedHash,
  type HashedPath,
  parseHash,
  type StorePath,
  startHashers,
  type Unhashed,
  usefulHashers,
} from "../nix/index.ts";
import { lookAt, namesIn } from "./byte-names.ts";
import type { Contents } from "./database.ts";
import { realPathOf } from "./layout.ts";
import { openLockFile, waitForLock } from "./lock.ts";
import type { State } from "./state.ts";

export type VerifyOptions = {
  /** Hash everything, too. */
  readonly checkContents?: boolean;
  /** Take damaged links away, so that nothing new becomes one of them. */
  readonly repair?: boolean;
  readonly signal?: AbortSignal | undefined;
};

/** A file in `.links`, which has its hash as name. */
type Link = { readonly name: string; readonly file: string };

/** Something that is wrong with a store and was not mended: a store path, or a file in `.links`. */
export type VerifyFault = { readonly path: string; readonly message: string };

/**
 * Check that what is registered is there, and on request that it has the content that was registered. What has
 * gone and is not referred to is made invalid. Tells of all that it finds, as `nix-store --verify` does; gives what
 * stays wrong.
 */
export async function verify(
  { layout, database, emit }: State,
  { checkContents = false, repair = false, signal }: VerifyOptions,
): Promise<VerifyFault[]> {
  const note = (message: string) => emit({ type: "note", message });
  const faults: VerifyFault[] = [];
  const fault = (path: string, message: string) => {
    note(message);
    faults.push({ path, message });
  };
  note("reading the Nix store...");
  // No collection meanwhile.
  const lock = openLockFile(layout.collectorLock);
  try {
    await waitForLock(lock, "shared", {
      onWait: () => note("waiting for the big garbage collector lock..."),
      signal,
    });
    // Names of store paths are ASCII; what else is there is none.
    const there = new Set(readdirSync(encodeText(layout.store), "latin1"));
    note("checking path existence...");
    const registered = database.contents().map((each) => ({
      ...each,
      file: realPathOf(layout, each.path),
    }));
    using hashers = startHashers(checkContents ? usefulHashers(registered) : 0);
    const valid: typeof registered = [];
    const gone: StorePath[] = [];
    for (const each of registered) {
      if (isThere(each)) valid.push(each);
      else gone.push(each.path);
    }
    if (gone.length > 0) {
      const stay = await database.write(() => removeAll(gone));
      for (const path of stay) fault(path, `path '${path}' disappeared, but it still has valid referrers!`);
    }

    if (checkContents) {
      note("checking link hashes...");
      const links = namesIn(layout.links).map((name) => ({
        name,
        file: join(layout.links, name),
        narSize: 0,
      }));
      for await (const [link, hashed] of hashers.hash(links)) {
        signal?.throwIfAborted();
        checkLink(link, hashed);
      }
      note("checking store hashes...");
      for await (const [each, hashed] of hashers.hash(valid)) {
        signal?.throwIfAborted();
        await checkContent(each, hashed);
      }
    }
    return faults;

    function isThere({ path, file }: (typeof registered)[number]): boolean {
      // Added after the store was listed.
      return there.has(baseName(path)) || lookAt(file) !== undefined;
    }

    /** Make paths invalid, referrers first; gives those that are still referred to. */
    function removeAll(paths: readonly StorePath[]): StorePath[] {
      let left = [...paths];
      for (let before = Infinity; left.length < before; ) {
        before = left.length;
        left = left.filter((path) => {
          if (!database.removePath(path)) return true;
          note(`path '${path}' disappeared, removing from database...`);
          return false;
        });
      }
      return left;
    }

    function checkLink({ name, file }: Link, hashed: HashedPath | Unhashed): void {
      if ("error" in hashed) {
        unreadable(file, `link '${file}'`, hashed.error);
        return;
      }
      const hash = formatHash(hashed.hash, "nix32");
      if (hash === name) return;
      const message = `link '${file}' was modified! expected hash '${name}', got '${hash}'`;
      if (repair) {
        note(message);
        unlinkSync(encodeText(file));
        note(`removed link '${file}'`);
      } else fault(file, message);
    }

    async function checkContent(
      { path, narHash, narSize }: Contents,
      hashed: HashedPath | Unhashed,
    ): Promise<void> {
      try {
        if ("error" in hashed) throw hashed.error;
        const { hash, size } = hashed;
        // Nearly always the same text.
        const expected = formatNamedHash(hash, "base16") === narHash ? hash : parseHash(narHash, "sha256");
        if (!equalHash(hash, expected))
          fault(
            path,
            `path '${path}' was modified! expected hash '${formatNamedHash(expected, "nix32")}', got '${formatNamedHash(hash, "nix32")}'`,
          );
        else if (narSize === 0) {
          note(`updating size field on '${path}' to ${size}`);
          await database.write(() => database.setSize(path, size));
        }
      } catch (error) {
        unreadable(path, `path '${path}'`, error);
      }
    }

    function unreadable(path: string, what: string, error: unknown): void {
      if (!(error instanceof CleaveError)) throw error;
      fault(path, `${what} cannot be read: ${error.message}`);
    }
  } finally {
    closeSync(lock);
  }
}
