/**
 * The garbage collector: deletes what no root (`roots.ts`) needs.
 *
 * It holds `gc.lock` alone, so that no root is added but through its socket. It makes a few paths invalid in one
 * transaction, in an order in which none has referrers left, then deletes their files, then looks at the socket.
 * Killed in between, files stay that are no valid path; the next collection sweeps them.
 */
import { closeSync, lstatSync, opendirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { compareText, type Emit } from "../base/index.ts";
import {
  hashPart,
  isForeignStorePath,
  type StorePath,
  storeFolder,
  systemPath,
  toRaw,
} from "../nix/index.ts";
import { lookAt, namesIn } from "./byte-names.ts";
import { receiveRoots } from "./collector-socket.ts";
import type { Database } from "./database.ts";
import { deleteTree } from "./delete-tree.ts";
import { type Layout, realPathOf } from "./layout.ts";
import { loadLive } from "./live.ts";
import { openLockFile, waitForLock } from "./lock.ts";
import { invalidPath } from "./query.ts";
import { findLastingRoots, findTemporaryRoots, type Roots } from "./roots.ts";
import { whyAlive } from "./why-alive.ts";

export type CollectOptions = {
  /** What to do: delete what is dead (the default), or only say what is dead or live. */
  readonly action?: "delete" | "list-dead" | "list-live";
  /** Delete just these paths. Throws `store-path-alive` if one is needed, `store-invalid-path` if one is not there. */
  readonly only?: ReadonlySet<StorePath>;
  /** Stop when more than this many bytes are freed. */
  readonly maxFreed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type Collected = {
  /**
   * What was deleted, or is dead or live, in the order of the bytes: what lies in the store, valid or not. Names that
   * are no store path's may be byte strings.
   */
  readonly paths: readonly string[];
  readonly bytesFreed: number;
};

/** The most paths, and bytes of NARs but for one path, that are deleted while adders wait. */
const mostAtOnce = 500;
const mostBytesAtOnce = 64 * 2 ** 20;

/** Collect garbage. Throws what `asStoreError` knows. */
export async function collect(
  { layout, database, emit }: { readonly layout: Layout; readonly database: Database; readonly emit: Emit },
  { action = "delete", only, maxFreed = Infinity, signal }: CollectOptions,
): Promise<Collected> {
  const note = (message: string) => emit({ type: "note", message });
  if (action === "delete") rmSync(layout.reserved, { force: true });
  const lock = openLockFile(layout.collectorLock);
  try {
    await waitForLock(lock, "exclusive", {
      onWait: () => note("waiting for the big garbage collector lock..."),
      signal,
    });
    const kept = new Set<string>();
    const early: StorePath[] = [];
    let keep = (path: StorePath) => {
      early.push(path);
    };
    await using _ = await receiveRoots(layout, (path) => {
      kept.add(hashPart(path));
      keep(path);
    });
    note("finding garbage collector roots...");
    const lasting = findLastingRoots({ layout, isValid: database.isValid, emit });
    const temporary = findTemporaryRoots({ layout, emit });
    const live = loadLive(database);
    for (const path of temporary.keys()) kept.add(hashPart(path));
    for (const path of [...lasting.keys(), ...temporary.keys(), ...early]) live.keep(path);
    keep = live.keep;

    if (action === "list-live") return { paths: live.live().sort(compareText), bytesFreed: 0 };
    if (only === undefined)
      note(action === "delete" ? "deleting garbage..." : "determining live/dead paths...");
    const strays = () =>
      namesIn(layout.store).filter((name) => {
        if (name === basename(layout.links)) return false;
        const path = `${storeFolder}/${name}`;
        if (only !== undefined && !(isForeignStorePath(path) && only.has(path))) return false;
        return !isForeignStorePath(path) || !(kept.has(hashPart(path)) || database.isValid(path));
      });
    if (action === "list-dead") {
      const dead: string[] = live.dead().map(({ path }) => path);
      return {
        paths: [...dead, ...strays().map((name) => `${storeFolder}/${name}`)].sort(compareText),
        bytesFreed: 0,
      };
    }

    const requireDead = (paths: ReadonlySet<StorePath>) => {
      const roots: Roots = new Map([
        ...early.map((path) => [path, new Set(["{temp}"])] as const),
        ...temporary,
        ...lasting,
      ]);
      const neededBy = (path: StorePath) =>
        [...database.referrers(path), ...live.madeBy(path).filter(database.isValid)].filter(
          (each) => each !== path,
        );
      for (const path of paths) {
        const error = whyAlive(path, paths, { roots, neededBy });
        if (error !== undefined) throw error;
      }
    };
    if (only !== undefined) {
      requireDead(only);
      for (const path of only)
        if (!database.isValid(path) && lookAt(realPathOf(layout, path)) === undefined)
          throw invalidPath(path);
    }
    const deleted: string[] = [];
    let bytesFreed = 0;
    const remove = (path: string): boolean => {
      note(`deleting '${path}'`);
      bytesFreed += deleteTree(join(layout.store, basename(path)));
      deleted.push(path);
      if (bytesFreed <= maxFreed) return true;
      note(`deleted more than ${maxFreed} bytes; stopping`);
      return false;
    };
    const removeAll = async (): Promise<void> => {
      if (maxFreed <= 0) return;
      const dead = live.dead().filter(({ path }) => only === undefined || only.has(path));
      for (let at = 0; at < dead.length; ) {
        await turn();
        signal?.throwIfAborted();
        // As many as surely free no more than is asked for: a file is smaller than its NAR.
        const batch: StorePath[] = [];
        for (let sizes = 0; at < dead.length && batch.length < mostAtOnce; at += 1) {
          const { path, narSize } = dead[at] ?? { path: undefined, narSize: 0 };
          sizes += narSize;
          if (batch.length > 0 && (bytesFreed + sizes > maxFreed || sizes > mostBytesAtOnce)) break;
          if (path !== undefined) batch.push(path);
        }
        // From the look at the roots to the last file nothing else runs.
        const removed = await database.write(() =>
          batch.filter((path) => !live.isLive(path) && database.removePath(path)),
        );
        for (const path of removed) if (!remove(path)) return;
      }
      await turn();
      for (const name of strays()) {
        signal?.throwIfAborted();
        const path = `${storeFolder}/${name}`;
        if (isForeignStorePath(path) && (kept.has(hashPart(path)) || database.isValid(path))) continue;
        if (!remove(path)) return;
        await turn();
      }
    };
    await removeAll();
    // What became needed meanwhile.
    if (only !== undefined) requireDead(new Set([...only].filter(database.isValid)));
    note("deleting unused links...");
    note(`note: currently hard linking saves ${(removeUnusedLinks(layout) / 2 ** 20).toFixed(2)} MiB`);
    return { paths: deleted.sort(compareText), bytesFreed };
  } finally {
    closeSync(lock);
  }
}

/** Take away the links that no path shares any more; gives how many bytes the others save. */
function removeUnusedLinks({ links }: Layout): number {
  let saved = -(statSync(links).blocks * 512);
  using folder = opendirSync(links, { encoding: "latin1" });
  for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
    const file = systemPath(`${toRaw(links)}/${entry.name}`);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats?.nlink === 1) rmSync(file, { force: true });
    else if (stats !== undefined) saved += (stats.nlink - 2) * stats.size;
  }
  return saved;
}
