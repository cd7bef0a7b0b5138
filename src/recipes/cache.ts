/**
 * The evaluation cache: results of packages, with what they were made from. A SQLite file with
 *
 * - `reads`: each distinct (type, path, hash) that a result was made from, by number
 * - `stamps`: per type and path the hash that was there under a stamp, so that nothing is read whose stamp is the same
 * - `results`: by key the recipe's file with hash and stamp, the numbers of all other reads, the packages asked for with the digests of their
 *   interfaces, and the digest of the result if others may have asked for it
 * - `contents`: the results themselves, which are looked at last
 *
 * It is written in one transaction after the work, and several processes may do so at once: what one writes is right
 * whatever the others did, as a result is only as good as its reads. A file that SQLite does not take is replaced.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Emit } from "../base/index.ts";
import type { Role } from "../package/interface.ts";
import { type Files, lookAt } from "./files.ts";
import type { Dependency, Read, Trace } from "./trace.ts";

export type CachedResult = {
  readonly id: number;
  /** The recipe's file, its hash, and the stamp that it had; empty if it was too young for one. */
  readonly recipe: string;
  readonly hash: string;
  readonly stamp: string;
  /** What else was read. */
  readonly reads: readonly number[];
  readonly dependencies: () => readonly Dependency[];
  readonly digest: string;
};

export type NewResult = {
  readonly recipe: string;
  readonly trace: Trace;
  readonly digest: string;
  readonly value: string;
};

const schema = `
create table if not exists reads (id integer primary key, type text not null, path text not null, hash text not null, unique (type, path, hash));
create table if not exists stamps (type text not null, path text not null, stamp text not null, hash text not null, primary key (type, path)) without rowid;
create table if not exists results (id integer primary key, key text unique not null, recipe text not null, hash text not null, stamp text not null, reads text not null, dependencies text not null, digest text not null);
create table if not exists contents (id integer primary key, value text not null);
`;

const selectReads =
  "select id, r.type, r.path, r.hash, s.stamp, s.hash as stamped from reads r left join stamps s on s.type = r.type and s.path = r.path";

/** So many single look-ups cost more than reading the table. */
const manyReads = 300;

type ReadRow = readonly [
  id: number,
  type: Read["type"],
  path: string,
  hash: string,
  stamp: string | null,
  stamped: string | null,
];

export class Cache {
  readonly #db: DatabaseSync;
  readonly #files: Files;
  readonly #select: StatementSync;
  readonly #content: StatementSync;
  readonly #reads = new Map<number, Read>();
  #misses = 0;
  readonly #valid = new Map<string, string | undefined>();
  readonly #stamps = new Map<string, { readonly stamp: string; readonly hash: string }>();
  readonly #newStamps = new Map<string, Read>();
  /** Stamps of recipes that are younger, and say the same, by result. */
  readonly #renewed = new Map<number, string>();
  readonly #new = new Map<string, NewResult>();
  #scheduled = false;
  /** It had no result when it was opened. What other processes have added since is found the next time. */
  readonly #wasEmpty: boolean;
  /** Something has changed that is no recipe, and so may be part of many results. */
  #hasSharedChange = false;

  constructor(db: DatabaseSync, files: Files) {
    this.#files = files;
    this.#db = db;
    this.#select = this.#db.prepare(
      "select id, recipe, hash, stamp, reads, dependencies, digest from results where key = ?",
    );
    this.#select.setReturnArrays(true);
    this.#content = this.#db.prepare("select value from contents where id = ?");
    this.#wasEmpty = this.#db.prepare("select 1 from results limit 1").get() === undefined;
    if (!listening) process.once("exit", flushAll);
    listening = true;
    opened.add(this);
  }

  /** Whether many packages are likely to have no valid result. */
  get isOutdated(): boolean {
    return this.#wasEmpty || this.#hasSharedChange;
  }

  /** Find a result, valid or not. */
  find(key: string): CachedResult | undefined {
    if (this.#wasEmpty) return undefined;
    const row = this.#select.get(key) as unknown as
      | readonly [
          id: number,
          recipe: string,
          hash: string,
          stamp: string,
          reads: string,
          dependencies: string,
          digest: string,
        ]
      | undefined;
    if (row === undefined) return undefined;
    const [id, recipe, hash, stamp, reads, dependencies, digest] = row;
    return {
      id,
      recipe,
      hash,
      stamp,
      reads: JSON.parse(reads) as number[],
      dependencies: () =>
        (JSON.parse(dependencies) as [string, Role, string][]).map(([attribute, role, interfaceDigest]) => ({
          attribute,
          role,
          digest: interfaceDigest,
        })),
      digest,
    };
  }

  /** Get a result that was found: the JSON that was kept. */
  valueOf({ id }: CachedResult): string {
    const row = this.#content.get(id) as { readonly value: string } | undefined;
    if (row === undefined) throw new Error("the evaluation cache has a result without its content");
    return row.value;
  }

  /** Tell whether something that a result was made from has changed. */
  hasChanged(result: CachedResult): boolean {
    if (this.#recipeHasChanged(result)) return true;
    const hasChanged = result.reads.some((id) => {
      const read = this.#readOf(id);
      return read === undefined || this.#hashAt(read.type, read.path) !== read.hash;
    });
    this.#hasSharedChange ||= hasChanged;
    return hasChanged;
  }

  #recipeHasChanged({ id, recipe, hash, stamp }: CachedResult): boolean {
    if (stamp !== "" && stamp === this.#files.stampAt(recipe)) return false;
    const now = lookAt("file", recipe);
    if (now?.hash !== hash) return true;
    if (now.stamp !== undefined) this.#renewed.set(id, now.stamp);
    this.#schedule();
    return false;
  }

  /** Give what a result was made from. */
  readsOf({ recipe, hash, reads }: CachedResult): Read[] {
    return [{ type: "file", path: recipe, hash }, ...reads.flatMap((id) => this.#readOf(id) ?? [])];
  }

  /** Keep a result. It is written when the process has time, or by {@link flush}. */
  keep(key: string, result: NewResult): void {
    this.#new.set(key, result);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush()).unref();
  }

  /** Write what is kept. Failing to do so loses time, and nothing else. */
  flush(): void {
    this.#scheduled = false;
    if (!this.#db.isOpen) return;
    if (this.#new.size + this.#newStamps.size + this.#renewed.size === 0) return;
    try {
      this.#db.exec("begin immediate");
      this.#write();
      this.#db.exec("commit");
    } catch {
      if (this.#db.isTransaction) this.#db.exec("rollback");
    }
    this.#new.clear();
    this.#newStamps.clear();
    this.#renewed.clear();
  }

  /** Write what is kept, and let go of the file. */
  close(): void {
    this.flush();
    opened.delete(this);
    this.#db.close();
  }

  #write(): void {
    const addRead = this.#db.prepare(
      "insert into reads (type, path, hash) values (?, ?, ?) on conflict do update set hash = hash returning id",
    );
    const addStamp = this.#db.prepare(
      "insert or replace into stamps (type, path, stamp, hash) values (?, ?, ?, ?)",
    );
    const addResult = this.#db.prepare(
      `insert into results (key, recipe, hash, stamp, reads, dependencies, digest) values (?, ?, ?, ?, ?, ?, ?)
       on conflict do update set recipe = excluded.recipe, hash = excluded.hash, stamp = excluded.stamp,
       reads = excluded.reads, dependencies = excluded.dependencies, digest = excluded.digest returning id`,
    );
    // Much of what is evaluated anew comes out the same.
    const addContent = this.#db.prepare(
      "insert into contents (id, value) values (?, ?) on conflict do update set value = excluded.value where value <> excluded.value",
    );
    const ids = new Map<string, number>();
    const idOf = (read: Read): number => {
      const key = `${read.type} ${read.path} ${read.hash}`;
      let id = ids.get(key);
      if (id === undefined) {
        id = (addRead.get(read.type, read.path, read.hash) as { id: number }).id;
        ids.set(key, id);
        if (read.stamp !== undefined) addStamp.run(read.type, read.path, read.stamp, read.hash);
      }
      return id;
    };
    for (const { type, path, stamp, hash } of this.#newStamps.values())
      if (stamp !== undefined) addStamp.run(type, path, stamp, hash);
    const renew = this.#db.prepare("update results set stamp = ? where id = ?");
    for (const [id, stamp] of this.#renewed) renew.run(stamp, id);
    for (const [key, { recipe, trace, digest, value }] of this.#new) {
      const own = [...trace.reads].find(({ type, path }) => type === "file" && path === recipe);
      const { id } = addResult.get(
        key,
        recipe,
        own?.hash ?? "",
        own?.stamp ?? "",
        JSON.stringify([...trace.reads].filter((each) => each !== own).map(idOf)),
        JSON.stringify([...trace.dependencies].map((each) => [each.attribute, each.role, each.digest])),
        digest,
      ) as { readonly id: number };
      addContent.run(id, value);
    }
  }

  #readOf(id: number): Read | undefined {
    const known = this.#reads.get(id);
    if (known !== undefined) return known;
    this.#misses += 1;
    // All at once where much is asked for: a set's packages read much the same.
    const isAll = this.#misses === manyReads;
    const select = this.#db.prepare(isAll ? selectReads : `${selectReads} where id = ?`);
    select.setReturnArrays(true);
    for (const row of (isAll ? select.all() : select.all(id)) as unknown as readonly ReadRow[]) {
      const [number, type, path, hash, stamp, stamped] = row;
      this.#reads.set(number, { type, path, hash });
      if (stamp !== null) this.#stamps.set(`${type} ${path}`, { stamp, hash: stamped ?? "" });
    }
    return this.#reads.get(id);
  }

  /** Get the hash of what is at a path now. */
  #hashAt(type: Read["type"], path: string): string | undefined {
    const key = `${type} ${path}`;
    if (this.#valid.has(key)) return this.#valid.get(key);
    const hash = this.#hashNow(type, path, key);
    this.#valid.set(key, hash);
    return hash;
  }

  #hashNow(type: Read["type"], path: string, key: string): string | undefined {
    if (type === "absent")
      return lookAt("file", path) === undefined && lookAt("folder", path) === undefined ? "" : undefined;
    const known = this.#stamps.get(key);
    if (known !== undefined && known.stamp === this.#files.stampAt(path)) return known.hash;
    const read = lookAt(type, path);
    if (read?.stamp !== undefined) {
      this.#newStamps.set(key, read);
      this.#schedule();
    }
    return read?.hash;
  }
}

/** What has to be written before the process ends. */
const opened = new Set<Cache>();
let listening = false;

function flushAll(): void {
  for (const each of opened) each.flush();
}

/** Open a cache; `undefined` where this user cannot write one. */
export function openCache(file: string, files: Files, emit: Emit): Cache | undefined {
  try {
    if (!existsSync(file)) forgetOld(dirname(file));
    return new Cache(open(file, emit), files);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

function open(file: string, emit: Emit): DatabaseSync {
  try {
    return connect(file);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    emit({
      type: "warning",
      message: `the evaluation cache ${file} cannot be read; it is made anew`,
    });
    remove(file);
    return connect(file);
  }
}

/** How many caches of other versions stay, and for how long they do in any case, in milliseconds. */
const keptVersions = 2;
const keptFor = 3_600_000;

/** Delete caches of other versions. Processes that use one go on with the file that has no name any more. */
function forgetOld(folder: string): void {
  if (!existsSync(folder)) return;
  const old = readdirSync(folder)
    .filter((name) => /^evaluation-[\w.-]+\.sqlite$/.test(name))
    .map((name) => ({ file: `${folder}/${name}`, time: statSync(`${folder}/${name}`).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { file, time } of old.slice(keptVersions)) if (time < Date.now() - keptFor) remove(file);
}

function remove(file: string): void {
  for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each, { force: true });
}

function connect(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const db = new DatabaseSync(file, { timeout: 5000 });
  try {
    db.exec("pragma journal_mode = wal; pragma synchronous = normal");
    db.exec(schema);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isCorrupt(error: unknown): boolean {
  return [11, 26].includes((error as { errcode?: number }).errcode ?? 0);
}

/** The system refuses, or SQLite: SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN. */
function isRefused(error: unknown): boolean {
  const { code = "", errcode = 0 } = error as { readonly code?: string; readonly errcode?: number };
  return (
    ["EACCES", "EPERM", "EROFS", "ENOTDIR", "ENOSPC"].includes(code) || [3, 8, 14].includes(errcode & 255)
  );
}
