/**
 * A store's database (`schema.ts`): every statement that cleave runs in it.
 *
 * Reading never waits, thanks to the write-ahead log. Writing takes the one write lock; who does not get it looks
 * again, so that this process goes on with other things meanwhile.
 */
import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { CleaveError, compareText, quote } from "../base/index.ts";
import {
  formatContentAddress,
  formatNamedHash,
  hashPart,
  parseContentAddress,
  parseForeignStorePath,
  parseHash,
  type StorePath,
  storeFolder,
} from "../nix/index.ts";
import { isBusy } from "./fault.ts";
import type { Layout } from "./layout.ts";
import type { NewPath, PathInfo } from "./path-info.ts";
import { contentAddressingSchema, contentAddressingVersion, schema, schemaVersion } from "./schema.ts";
import { writeWhole } from "./write-whole.ts";

const hashPartLength = 32;

/** The outputs of a derivation whose paths are known, by name. */
export type Outputs = ReadonlyMap<string, StorePath>;

/** What a valid path must have: the SHA-256 of its NAR, as the database has it, and the size of that. */
export type Contents = { readonly path: StorePath; readonly narHash: string; readonly narSize: number };

export type Database = ReturnType<typeof connect>;

/** Open the database of a store, made where there is none. Throws `store-version` and what SQLite throws. */
export async function openDatabase(layout: Layout, patience: number): Promise<Database> {
  const version = readVersion(layout.schema);
  if (version !== undefined && version !== schemaVersion)
    throw new CleaveError({
      code: "store-version",
      message: `the store ${quote(layout.root)} has schema ${version}, and cleave works with schema ${schemaVersion}`,
      hint:
        version > schemaVersion
          ? "a newer Nix has written it; use a newer cleave, or another store"
          : "any command of a current Nix brings it up to date",
    });
  const db = new DatabaseSync(layout.database, { timeout: 100, enableForeignKeyConstraints: true });
  try {
    const database = connect(db, patience);
    await database.retry(() => {
      db.exec("pragma synchronous = normal; pragma wal_autocheckpoint = 40000");
      if (version === undefined || db.prepare("pragma journal_mode").get()?.["journal_mode"] !== "wal")
        db.exec("pragma journal_mode = wal");
    });
    // Killed between tables and version file, the next start finds no version and goes through it again.
    if (version === undefined) {
      await database.write(() => db.exec(schema));
      writeWhole(layout.schema, `${schemaVersion}`);
    }
    if (readVersion(layout.contentAddressingSchema) === undefined) {
      await database.write(() => db.exec(contentAddressingSchema));
      writeWhole(layout.contentAddressingSchema, `${contentAddressingVersion}`);
    }
    return database;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Read a file that holds a version, and nothing where it is not there or empty. */
function readVersion(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8").trim();
  if (text === "") return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new CleaveError({
    code: "store-damaged",
    message: `the version of the store is ${quote(text)}, which is no number`,
    hint: `Nix writes ${schemaVersion} there`,
    location: { file },
  });
}

function connect(db: DatabaseSync, patience: number) {
  const statement = lazyStatements(db);
  let writing: Promise<unknown> = Promise.resolve();

  /** Do again what finds the database locked, for as long as is allowed. */
  const retry = async <T>(action: () => T): Promise<T> => {
    const end = performance.now() + patience;
    for (let delay = 1; ; delay = Math.min(100, delay * 2))
      try {
        return action();
      } catch (error) {
        if (!isBusy(error) || performance.now() > end) throw error;
        await sleep(delay);
      }
  };

  const idOf = (path: string): number | bigint | undefined => {
    const id = statement("select id from ValidPaths where path = ?").get(path)?.["id"];
    return typeof id === "number" || typeof id === "bigint" ? id : undefined;
  };
  const paths = (rows: readonly Record<string, SQLOutputValue>[]): StorePath[] =>
    rows.map((row) => parseForeignStorePath(text(row["path"]))).sort(compareText);

  return {
    retry,

    /** Run a transaction that writes, whole or not at all, and with nothing else of this process in between. */
    write: <T>(action: () => T): Promise<T> => {
      const run = async () => {
        const outcome = await retry((): { readonly value: T } | { readonly error: unknown } => {
          db.exec("begin immediate");
          try {
            const value = action();
            db.exec("commit");
            return { value };
          } catch (error) {
            if (db.isTransaction) db.exec("rollback");
            return { error };
          }
        });
        if ("error" in outcome) throw outcome.error;
        return outcome.value;
      };
      const result = writing.then(run, run);
      writing = result.catch(() => {});
      return result;
    },

    /** Run queries that all see the same moment. */
    read: <T>(action: () => T): T => {
      db.exec("begin");
      try {
        return action();
      } finally {
        db.exec("commit");
      }
    },

    isValid: (path: StorePath): boolean => idOf(path) !== undefined,

    /** Say whether a valid path has a name, whatever its hash part. */
    hasName: (name: string): boolean =>
      statement("select 1 from ValidPaths where substr(path, ?) = ? limit 1").get(
        BigInt(`${storeFolder}/`.length + hashPartLength + 1),
        `-${name}`,
      ) !== undefined,

    /** Give hash and size of all valid paths, in the order of their bytes. */
    contents: (): Contents[] => {
      const select = statement("select path, hash, narSize from ValidPaths order by path");
      // Made in half the time of objects.
      select.setReturnArrays(true);
      return select.all().map((row) => ({
        path: parseForeignStorePath(text(row[0])),
        narHash: text(row[1]),
        narSize: Number(row[2] ?? 0),
      }));
    },

    info: (path: StorePath): PathInfo | undefined => {
      const row = statement(
        "select id, hash, registrationTime, deriver, narSize, ultimate, sigs, ca from ValidPaths where path = ?",
      ).get(path);
      if (row === undefined) return undefined;
      const { id = null, hash, registrationTime, deriver, narSize, ultimate, sigs, ca } = row;
      return {
        path,
        narHash: parseHash(text(hash), "sha256"),
        narSize: Number(narSize ?? 0),
        references: paths(
          statement("select path from Refs join ValidPaths on reference = id where referrer = ?").all(id),
        ),
        deriver: deriver ? parseForeignStorePath(text(deriver)) : undefined,
        registered: Number(registrationTime),
        ultimate: Number(ultimate ?? 0) === 1,
        signatures: sigs ? text(sigs).split(" ") : [],
        contentAddress: ca ? parseContentAddress(text(ca)) : undefined,
      };
    },

    all: (): StorePath[] => paths(statement("select path from ValidPaths").all()),

    references: (path: StorePath): StorePath[] =>
      paths(
        statement(
          "select path from Refs join ValidPaths on reference = id where referrer = (select id from ValidPaths where path = ?)",
        ).all(path),
      ),

    /** Those of some paths that are valid, and all that they refer to, in the order of their bytes. */
    reached: (from: Iterable<StorePath>): StorePath[] => {
      // For SQLite, a cross join is one from left to right: it asks for what was found, and does not go through all.
      const select = statement(
        "with recursive Reached (id) as (select v.id from json_each(?) j cross join ValidPaths v on v.path = j.value union select reference from Reached cross join Refs on referrer = Reached.id) select path from Reached cross join ValidPaths v on v.id = Reached.id",
      );
      select.setReturnArrays(true);
      return select
        .all(JSON.stringify([...from]))
        .map((row) => parseForeignStorePath(text(row[0])))
        .sort(compareText);
    },

    referrers: (path: StorePath): StorePath[] =>
      paths(
        statement(
          "select path from Refs join ValidPaths on referrer = id where reference = (select id from ValidPaths where path = ?)",
        ).all(path),
      ),

    /** The valid derivations that make a path. */
    derivers: (path: StorePath): StorePath[] =>
      paths(
        statement(
          "select v.path from DerivationOutputs d join ValidPaths v on d.drv = v.id where d.path = ?",
        ).all(path),
      ),

    derivationOutputs: (path: StorePath): Outputs =>
      new Map(
        statement(
          "select d.id, d.path from DerivationOutputs d join ValidPaths v on d.drv = v.id where v.path = ? order by d.id",
        )
          .all(path)
          .map((row) => [text(row["id"]), parseForeignStorePath(text(row["path"]))]),
      ),

    pathFromHashPart: (part: string): StorePath | undefined => {
      const found = statement("select path from ValidPaths where path >= ? limit 1").get(
        `/nix/store/${part}`,
      );
      const path = found === undefined ? undefined : parseForeignStorePath(text(found["path"]));
      return path !== undefined && hashPart(path) === part ? path : undefined;
    },

    /**
     * Make a path valid, without its references: those of paths that are registered together may lie in any
     * order. One that is valid already keeps its row and gets the new facts. Gives its id.
     */
    addPath: (info: NewPath, now: number, outputs: Outputs | undefined): number | bigint => {
      const facts = [
        formatNamedHash(info.narHash, "base16"),
        info.narSize,
        info.ultimate === true ? 1 : null,
        info.signatures === undefined || info.signatures.length === 0 ? null : info.signatures.join(" "),
        info.contentAddress === undefined ? null : formatContentAddress(info.contentAddress),
      ];
      const known = idOf(info.path);
      if (known !== undefined) {
        statement(
          "update ValidPaths set hash = ?, narSize = ?, ultimate = ?, sigs = ?, ca = ? where id = ?",
        ).run(...facts, known);
        return known;
      }
      const { lastInsertRowid } = statement(
        "insert into ValidPaths (hash, narSize, ultimate, sigs, ca, path, registrationTime, deriver) values (?, ?, ?, ?, ?, ?, ?, ?)",
      ).run(...facts, info.path, info.registered ?? now, info.deriver ?? null);
      for (const [name, path] of outputs ?? [])
        statement("insert or replace into DerivationOutputs (drv, id, path) values (?, ?, ?)").run(
          lastInsertRowid,
          name,
          path,
        );
      return lastInsertRowid;
    },

    /** Add the references of the path with an id. Throws `store-invalid-path` for one that is not valid. */
    addReferences: (
      id: number | bigint,
      { path, references }: Pick<NewPath, "path" | "references">,
    ): void => {
      for (const reference of references) {
        const { changes } = statement(
          "insert or replace into Refs (referrer, reference) select ?, id from ValidPaths where path = ?",
        ).run(id, reference);
        if (changes === 0 || changes === 0n)
          throw new CleaveError({
            code: "store-invalid-path",
            message: `${path} cannot be registered: it refers to ${reference}, which is not valid`,
            hint: "add what a path refers to before it, or in the same step",
          });
      }
    },

    /** Note the size of a path's NAR, which very old stores lack. */
    setSize: (path: StorePath, narSize: number): void => {
      statement("update ValidPaths set narSize = ? where path = ?").run(narSize, path);
    },

    /** Make a path invalid, unless others still refer to it; it may refer to itself. Says whether it has gone. */
    removePath: (path: StorePath): boolean =>
      statement(
        "delete from ValidPaths where path = ? and not exists (select 1 from Refs where reference = id and referrer != id)",
      ).run(path).changes > 0,

    /**
     * Give the whole graph: paths by id, references by the ids of both ends, and which valid derivation a path
     * names as its own.
     */
    graph: () => {
      const byId = new Map<number, { path: StorePath; deriver: string | undefined; narSize: number }>();
      for (const row of statement("select id, path, deriver, narSize from ValidPaths").iterate())
        byId.set(Number(row["id"]), {
          path: parseForeignStorePath(text(row["path"])),
          deriver: row["deriver"] ? text(row["deriver"]) : undefined,
          narSize: Number(row["narSize"] ?? 0),
        });
      const references: [referrer: number, reference: number][] = [];
      for (const row of statement("select referrer, reference from Refs").iterate())
        references.push([Number(row["referrer"]), Number(row["reference"])]);
      return { byId, references };
    },

    /** Move what is in the write-ahead log into the database and close it. */
    close: (): void => {
      db.close();
    },
  };
}

/** Prepare each statement when it is first needed. Integers are read as big ones. */
function lazyStatements(db: DatabaseSync) {
  const prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  return (sql: string) => {
    let found = prepared.get(sql);
    if (found === undefined) {
      found = db.prepare(sql);
      found.setReadBigInts(true);
      prepared.set(sql, found);
    }
    return found;
  };
}

function text(value: SQLOutputValue | undefined): string {
  if (typeof value === "string") return value;
  throw new Error(`the database holds ${value === null ? "nothing" : typeof value} where a text must be`);
}
