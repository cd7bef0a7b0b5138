import { closeSync, rmSync } from "node:fs";
import { CleaveError, type Emit } from "../base/index.ts";
import { dumpPath, type StorePath } from "../nix/index.ts";
import { addDerivations } from "./add-derivation.ts";
import { addContent, addNar } from "./add-nar.ts";
import { addTexts } from "./add-text.ts";
import { addTree } from "./add-tree.ts";
import { type Collected, type CollectOptions, collect } from "./collect.ts";
import { type Outputs, openDatabase } from "./database.ts";
import { deleteTree } from "./delete-tree.ts";
import { asStoreError } from "./fault.ts";
import { createLayout, layoutAt, logFileOf, realPathOf, reserveSpace } from "./layout.ts";
import { lockPaths, openLockFile, type PathLocks, type Waiting, waitForLock } from "./lock.ts";
import { moveTree } from "./move-tree.ts";
import { type Optimised, optimise } from "./optimise.ts";
import type { NewPath } from "./path-info.ts";
import { closureOf, infoOf } from "./query.ts";
import { register, storeGraph } from "./register.ts";
import { addRoot, findLastingRoots, findTemporaryRoots, type Roots, storePathOf } from "./roots.ts";
import type { State } from "./state.ts";
import type { Bytes, Store } from "./store.ts";
import { temporaryRoots } from "./temporary-roots.ts";
import { exportPaths, importPaths } from "./transfer.ts";
import { type VerifyFault, type VerifyOptions, verify } from "./verify.ts";

/** A store that is a folder of this machine, in Nix's own layout (`layout.ts`). */
export type LocalStore = Store & {
  /** Its root folder; real Nix opens it as `local?root=…`. */
  readonly root: string;
  /** Give where a path lies, or would. */
  readonly realPath: (path: StorePath) => string;
  /** Give the store path that an absolute path is or lies in, as builds see it or where it really lies. */
  readonly storePathOf: (file: string) => StorePath | undefined;
  /** Give where the log of a build lies, without the ending that tells the compression. */
  readonly logFile: (derivation: StorePath) => string;

  /** Give the outputs whose paths are known of those of some derivations that are valid, in one look. */
  readonly knownOutputs: (derivations: Iterable<StorePath>) => Promise<ReadonlyMap<StorePath, Outputs>>;
  /** Give those of some paths that are valid, and all that they refer to: a closure, without its order. */
  readonly reached: (paths: Iterable<StorePath>) => Promise<ReadonlySet<StorePath>>;
  /** Lock paths that are to be built. With `wait: false` gives nothing where somebody else has one of them. */
  readonly lockPaths: (
    paths: Iterable<StorePath>,
    options?: Waiting & { readonly wait?: boolean },
  ) => Promise<PathLocks | undefined>;
  /** Take away what is in the place of a path that is not valid. Its lock must be held. */
  readonly clear: (path: StorePath) => Promise<void>;
  /** Move a finished tree of the same file system, in canonical form, to the place of a path that is locked. */
  readonly moveIntoPlace: (tree: string, path: StorePath) => Promise<void>;
  /** Make paths valid whose trees are in their places, all or none. Their locks must be held. */
  readonly register: (paths: readonly NewPath[]) => Promise<void>;

  /**
   * Write valid paths as a stream for `importPaths` and `nix-store --import`, in chunks that are good until the next is
   * asked for.
   */
  readonly exportPaths: (paths: Iterable<StorePath>) => AsyncIterable<Buffer>;
  /** Make the paths of such a stream valid; gives each when it is. */
  readonly importPaths: (
    source: Bytes,
    options?: { readonly signal?: AbortSignal | undefined },
  ) => AsyncIterable<StorePath>;

  /**
   * Make a link a lasting root: an absolute path outside of the store. It points to the path as builds see it, or to where that really
   * lies. Throws `store-root-occupied`.
   */
  readonly addRoot: (link: string, path: StorePath, target?: "store" | "real") => Promise<void>;
  readonly findRoots: () => Promise<Roots>;
  readonly collect: (options?: CollectOptions) => Promise<Collected>;
  readonly verify: (options?: VerifyOptions) => Promise<VerifyFault[]>;
  readonly optimise: (options?: { readonly signal?: AbortSignal | undefined }) => Promise<Optimised>;
};

export type OpenOptions = {
  /** An absolute path without links in it, as `findRoot` gives. */
  readonly root: string;
  readonly emit?: Emit;
  /** Give up the space that is set aside if a full disk does not let the store be opened: for who will free some. */
  readonly useReserve?: boolean;
  /** How long to wait for the database's write lock, in milliseconds; a minute where it says nothing. */
  readonly patience?: number;
  /** The time in seconds since 1970. */
  readonly now?: () => number;
};

/**
 * Open the store at a root folder, made where there is none; it is to be closed. Throws `store-not-writable`,
 * `store-no-space`, `store-damaged`, `store-version`, `store-busy`, as all of its methods do.
 */
export async function openLocalStore({
  root,
  emit = () => {},
  useReserve = false,
  patience = 60_000,
  now = () => Math.floor(Date.now() / 1000),
}: OpenOptions): Promise<LocalStore> {
  const layout = layoutAt(root);
  const guard = async <T>(action: () => Promise<T> | T): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      throw asStoreError(error, layout);
    }
  };
  const guardAll = async function* <T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* source;
    } catch (error) {
      throw asStoreError(error, layout);
    }
  };

  const { database, bigLock } = await guard(async () => {
    createLayout(layout);
    if (!useReserve) reserveSpace(layout);
    const fd = openLockFile(layout.bigLock);
    try {
      // Shared for as long as the store is open: who upgrades the schema of a store holds it alone.
      await waitForLock(fd, "shared", {
        onWait: () => emit({ type: "note", message: "waiting for the big Nix store lock..." }),
      });
      const open = () => guard(() => openDatabase(layout, patience));
      const database = await open().catch((error: unknown) => {
        if (!useReserve || !(error instanceof CleaveError) || error.code !== "store-no-space") throw error;
        rmSync(layout.reserved, { force: true });
        return open();
      });
      return { database, bigLock: fd };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });
  const roots = temporaryRoots(layout);
  let closed = false;
  const fresh: State["fresh"] = new Map();
  const state: State = { layout, database, roots, graph: storeGraph(layout, fresh), fresh, emit, now };

  return {
    root,
    realPath: (path) => realPathOf(layout, path),
    storePathOf: (file) => storePathOf(file, layout),
    logFile: (derivation) => logFileOf(layout, derivation),

    validPaths: (paths) => guard(() => database.read(() => new Set([...paths].filter(database.isValid)))),
    allPaths: () => guard(database.all),
    info: (path) => guard(() => database.read(() => database.info(path))),
    requireInfo: (path) => guard(() => database.read(() => infoOf(database, path))),
    referrers: (path) => guard(() => database.referrers(path)),
    closure: (paths, direction) => guard(() => closureOf(database, paths, direction)),
    derivers: (path) => guard(() => database.derivers(path)),
    derivationOutputs: (derivation) =>
      guard(() => {
        infoOf(database, derivation);
        return database.derivationOutputs(derivation);
      }),
    pathFromHashPart: (hashPart) => guard(() => database.pathFromHashPart(hashPart)),

    addTemporaryRoots: (paths) => guard(() => roots.add(paths)),
    addText: (text) =>
      guard(async () => {
        const [path] = await addTexts(state, [text]);
        if (path === undefined) throw new Error("a text was added, and it has no path");
        return path;
      }),
    addTexts: (texts) => guard(() => addTexts(state, texts)),
    addTree: (source, options) => guard(() => addTree(state, source, options)),
    addContent: (nar, options) => guard(() => addContent(state, nar, options)),
    addDerivations: (derivations) => guard(() => addDerivations(state, derivations)),
    addNar: (info, nar) => guard(() => addNar(state, info, nar)),
    nar: (path) =>
      guardAll(
        (async function* () {
          await roots.add([path]);
          infoOf(database, path);
          yield* dumpPath(realPathOf(layout, path));
        })(),
      ),

    knownOutputs: (derivations) =>
      guard(() =>
        database.read(
          () =>
            new Map(
              [...derivations]
                .filter(database.isValid)
                .map((path) => [path, database.derivationOutputs(path)]),
            ),
        ),
      ),
    reached: (paths) => guard(() => new Set(database.reached(paths))),
    lockPaths: (paths, options) =>
      guard(() =>
        lockPaths(
          [...paths].map((path) => realPathOf(layout, path)),
          options,
        ),
      ),
    clear: (path) =>
      guard(() => {
        if (database.isValid(path)) throw new Error(`${path} is valid`);
        deleteTree(realPathOf(layout, path));
      }),
    moveIntoPlace: (tree, path) => guard(() => moveTree(tree, realPathOf(layout, path))),
    register: (paths) => guard(() => register(state, paths)),

    exportPaths: (paths) => guardAll(exportPaths(state, paths)),
    importPaths: (source, options) => guardAll(importPaths(state, source, options)),

    addRoot: (link, path, target) =>
      guard(async () => {
        await roots.add([path]);
        addRoot(layout, link, path, target);
      }),
    findRoots: () =>
      guard(() => {
        const all = findLastingRoots({ layout, isValid: database.isValid, emit });
        for (const [path, links] of findTemporaryRoots({ layout, emit }))
          all.set(path, new Set([...(all.get(path) ?? []), ...links]));
        return all;
      }),
    collect: (options = {}) => guard(() => collect(state, options)),
    verify: (options = {}) => guard(() => verify(state, options)),
    optimise: (options) => guard(() => optimise(state, options)),

    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      roots.close();
      database.close();
      closeSync(bigLock);
    },
  };
}
