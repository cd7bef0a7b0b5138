import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeStoreFolders } from "../../src/build/store-folders.ts";
import { parseStorePath, type StorePath } from "../../src/nix/index.ts";
import { temporaryFolder } from "../support/temp.ts";

const name = (letter: string): string => `${letter.repeat(32)}-${letter}`;
const inputs = (letters: string): ReadonlySet<StorePath> =>
  new Set([...letters].map((letter) => parseStorePath(`/nix/store/${name(letter)}`)));

test("a store folder is used again, with what the next build has too", () => {
  using temp = temporaryFolder();
  const { take, giveBack } = makeStoreFolders(temp.path);
  const folder = take(inputs("abc"));
  assert.deepEqual(readdirSync(folder), []);
  mkdirSync(join(folder, name("a")));
  mkdirSync(join(folder, name("b")));
  writeFileSync(join(folder, name("c")), "");
  chmodSync(folder, 0o700);
  giveBack(folder, inputs("abc"));
  assert.equal(take(inputs("bd")), folder);
  assert.deepEqual(readdirSync(folder), [name("b")]);
  assert.equal(statSync(folder).mode & 0o777, 0o755);
});

test("two builds at once have two store folders", () => {
  using temp = temporaryFolder();
  const { take } = makeStoreFolders(temp.path);
  assert.notEqual(take(inputs("a")), take(inputs("a")));
});

test("a store folder in which a builder has left something is not used again", () => {
  using temp = temporaryFolder();
  const { take, giveBack } = makeStoreFolders(temp.path);
  const leave: readonly ((folder: string) => void)[] = [
    (folder) => writeFileSync(join(folder, name("z")), ""),
    (folder) => mkdirSync(join(folder, ".hidden")),
    // Where an input is a symlink, it could have been replaced by another one.
    (folder) => {
      rmSync(join(folder, name("a")), { recursive: true });
      symlinkSync("elsewhere", join(folder, name("a")));
    },
  ];
  for (const each of leave) {
    const folder = take(inputs("a"));
    mkdirSync(join(folder, name("a")));
    each(folder);
    giveBack(folder, inputs("a"));
    assert.deepEqual(readdirSync(temp.path), []);
  }
});
