import assert from "node:assert/strict";
import fs, { writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { CleaveError } from "../../src/base/index.ts";
import {
  dumpPath,
  hashPath,
  makeDerivation,
  makeFixedOutputPath,
  makeGraph,
  parseStorePath,
} from "../../src/nix/index.ts";
import type { Database } from "../../src/store/database.ts";
import { deleteTree } from "../../src/store/delete-tree.ts";
import { openLocalStore } from "../../src/store/index.ts";
import { loadLive } from "../../src/store/live.ts";
import { temporaryFolder } from "../support/temp.ts";

test("a derivation stays for what came from it, though it does not name that path", async () => {
  using temp = temporaryFolder();
  const root = join(temp.path, "store");
  const { derivation } = makeDerivation(
    {
      name: "floating",
      platform: "builtin",
      builder: "builtin:none",
      addressing: { type: "floating", method: "recursive", algorithm: "sha256" },
    },
    makeGraph(),
  );
  const file = join(temp.path, "file");
  writeFileSync(file, "content");
  const { hash, size } = await hashPath(file);
  const output = makeFixedOutputPath("floating", "recursive", hash);
  const add = async () => {
    await using store = await openLocalStore({ root });
    const [deriver] = await store.addDerivations([derivation]);
    assert.ok(deriver);
    await store.addNar(
      { path: output, narHash: hash, narSize: size, references: [], deriver, signatures: [] },
      dumpPath(file),
    );
    return deriver;
  };
  const deriver = await add();
  await using store = await openLocalStore({ root });
  await assert.rejects(
    store.collect({ only: new Set([deriver]) }),
    (error) =>
      error instanceof CleaveError &&
      error.code === "store-path-alive" &&
      error.message === `${deriver} cannot be deleted: ${output} needs it`,
  );
  assert.deepEqual(
    (await store.collect({ only: new Set([deriver, output]) })).paths,
    [deriver, output].sort(),
  );
});

test("what somebody else deletes while it is deleted is no error", async (t) => {
  using temp = temporaryFolder();
  const file = join(temp.path, "file");
  const folder = join(temp.path, "folder");
  /** Delete everything when a function has looked at something. */
  const deleteAfter = (method: "lstatSync" | "readdirSync", looks: number) => {
    writeFileSync(file, "");
    fs.mkdirSync(join(folder, "sub"), { recursive: true });
    writeFileSync(join(folder, "sub/file"), "");
    const original = fs[method] as (...args: unknown[]) => unknown;
    let left = looks;
    t.mock.method(fs, method, (...args: unknown[]) => {
      const seen = original(...args);
      left -= 1;
      if (left === 0) for (const each of [file, folder]) fs.rmSync(each, { recursive: true, force: true });
      return seen;
    });
    syncBuiltinESMExports();
  };
  try {
    for (const [method, looks, path] of [
      ["lstatSync", 1, file],
      ["lstatSync", 1, folder],
      ["lstatSync", 2, folder],
      ["readdirSync", 1, folder],
      ["readdirSync", 2, folder],
    ] as const) {
      deleteAfter(method, looks);
      deleteTree(path);
      t.mock.restoreAll();
      syncBuiltinESMExports();
      assert.ok(!fs.existsSync(path));
    }
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
});

test("what refers to hundreds of thousands of paths keeps them", () => {
  const count = 300_000;
  const path = (id: number) => parseStorePath(`/nix/store/${`${id}`.padStart(32, "0")}-path`);
  const byId = new Map(
    Array.from({ length: count + 1 }, (_, id) => [id, { path: path(id), deriver: undefined, narSize: 1 }]),
  );
  const references = Array.from({ length: count }, (_, id): [number, number] => [0, id + 1]);
  const live = loadLive({
    read: (action) => action(),
    graph: () => ({ byId, references }),
  } satisfies Partial<Database> as unknown as Database);
  live.keep(path(0));
  assert.equal(live.live().length, count + 1);
});
