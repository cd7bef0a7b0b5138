/** Many paths hashed by several threads. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { CleaveError } from "../../../src/base/index.ts";
import {
  formatHash,
  type HashedPath,
  hashPath,
  startHashers,
  type Unhashed,
} from "../../../src/nix/index.ts";
import { temporaryFolder } from "../../support/temp.ts";

const tell = (hashed: HashedPath | Unhashed): string => {
  if (!("error" in hashed)) return `${formatHash(hashed.hash, "sri")} ${hashed.size}`;
  assert.ok(hashed.error instanceof CleaveError);
  return `${hashed.error.code}: ${hashed.error.message}`;
};

/** What {@link hashPath} says of a path. */
const alone = async (file: string): Promise<string> => {
  try {
    return tell(await hashPath(file));
  } catch (error) {
    return tell({ error });
  }
};

/** Put something of a kind at a path; what is `missing` is not there. */
const kinds: Record<string, (file: string, size: number) => void> = {
  file: (file, size) => writeFileSync(file, "x".repeat(size)),
  folder: (file, size) => {
    mkdirSync(file);
    writeFileSync(join(file, "a"), "y".repeat(size));
  },
  symlink: (file, size) => symlinkSync(`${size}`, file),
  missing: () => {},
};

test("several threads hash as one does, in order, and each path that fails has its own error", async () => {
  const paths = fc.array(fc.tuple(fc.constantFrom(...Object.keys(kinds)), fc.nat(600_000), fc.nat(1e9)), {
    maxLength: 60,
  });
  for (const count of [0, 1, 3]) {
    using hashers = startHashers(count);
    // Time to start, so that they have a part in it.
    await setTimeout(count * 60);
    await fc.assert(
      fc.asyncProperty(paths, async (entries) => {
        using temp = temporaryFolder();
        const list = entries.map(([kind, size, narSize], index) => {
          const file = join(temp.path, `${index}`);
          kinds[kind]?.(file, size);
          return { file, narSize, index };
        });
        const told: string[] = [];
        for await (const [{ index }, hashed] of hashers.hash(list)) {
          assert.equal(index, told.length);
          told.push(tell(hashed));
        }
        assert.deepEqual(told, await Promise.all(list.map(({ file }) => alone(file))));
      }),
      { numRuns: 15 },
    );
  }
});

test("what a thread has when it ends is hashed by the others", async () => {
  using temp = temporaryFolder();
  const list = Array.from({ length: 200 }, (_, index) => {
    const file = join(temp.path, `${index}`);
    kinds["file"]?.(file, 500_000);
    return { file, narSize: 500_000 };
  });
  const hashers = startHashers(3);
  const told: string[] = [];
  for await (const [, hashed] of hashers.hash(list)) {
    told.push(tell(hashed));
    if (told.length === 3) hashers[Symbol.dispose]();
  }
  assert.deepEqual(told, Array(200).fill(await alone(join(temp.path, "0"))));
});

test("hashing lets the event loop turn, and ends where nobody asks for more", async () => {
  using temp = temporaryFolder();
  const list = Array.from({ length: 3000 }, (_, index) => {
    const file = join(temp.path, `${index % 30}`);
    if (index < 30) kinds["file"]?.(file, 100_000);
    return { file, narSize: 100_000 };
  });
  using hashers = startHashers(0);
  const stopped = new AbortController();
  void setTimeout(30).then(() => stopped.abort());
  let given = 0;
  for await (const _ of hashers.hash(list)) {
    given += 1;
    if (stopped.signal.aborted) break;
  }
  assert.ok(given < list.length, `${given} of ${list.length} paths were hashed before the timer was heard`);
});
