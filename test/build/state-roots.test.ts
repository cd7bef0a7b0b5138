import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keepStates } from "../../src/build/index.ts";
import { hashBytes, makeTextPath, type StorePath } from "../../src/nix/index.ts";
import { type LocalStore, openLocalStore } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/temp.ts";

async function addState(store: LocalStore, name: string, size: number): Promise<StorePath> {
  const content = Buffer.alloc(size, name);
  const path = makeTextPath(name, hashBytes("sha256", content));
  await store.addTexts([{ name, content }]);
  return path;
}

test("states are given up by age and size, the oldest first; those of use stay", async () => {
  using temp = temporaryFolder();
  await using store = await openLocalStore({ root: temp.path, emit: () => {} });
  const states: StorePath[] = [];
  for (const name of ["one", "two", "three"]) states.push(await addState(store, name, 1000));
  const kept = () =>
    readdirSync(join(temp.path, "nix/var/nix/gcroots/cleave-states"))
      .map((each) => each.slice(33))
      .sort();
  const limits = { age: 100, size: 3000 };
  const keep = (at: number, now: number) => keepStates(store, states.slice(at, at + 1), { now, limits });
  await keep(0, 1000);
  await keep(1, 1010);
  assert.deepEqual(kept(), ["one", "two"]);
  // Three of more than 1000 bytes are more than 3000.
  await keep(0, 1020);
  await keep(2, 1030);
  assert.deepEqual(kept(), ["one", "three"]);
  await keep(2, 1125);
  assert.deepEqual(kept(), ["three"]);
});

test("Crash law: what a killed process left while it made the root of a state is in nobody's way", async () => {
  using temp = temporaryFolder();
  await using store = await openLocalStore({ root: temp.path, emit: () => {} });
  const state = await addState(store, "state", 10);
  const folder = join(temp.path, "nix/var/nix/gcroots/cleave-states");
  mkdirSync(folder, { recursive: true });
  const left = `.${process.pid}-${state.slice("/nix/store/".length)}`;
  symlinkSync(state, join(folder, left));
  await keepStates(store, [state], { now: Date.now() / 1000 });
  assert.deepEqual(readdirSync(folder).sort(), [left, state.slice("/nix/store/".length)]);
  await keepStates(store, [], { now: Date.now() / 1000 + 4000 });
  assert.deepEqual(readdirSync(folder), [state.slice("/nix/store/".length)]);
});
