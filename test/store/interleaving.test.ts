/** One process uses a store for several things at once: what writes and what reads come between each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openLocalStore } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/temp.ts";

test("reads find a store in order while something is written beside them", async () => {
  using temp = temporaryFolder();
  await using store = await openLocalStore({ root: temp.path });
  const texts = Array.from({ length: 40 }, (_, index) => ({ name: `t${index}`, content: `${index}` }));
  let reading = true;
  const reader = async () => {
    while (reading) {
      await store.validPaths([]);
      await Promise.resolve();
      await new Promise(setImmediate);
    }
  };
  // Readers that come by at every turn of the queue of promises.
  const turns = async () => {
    for (let turn = 0; turn < 20_000 && reading; turn += 1) await store.validPaths([]);
  };
  const readers = [reader(), turns(), turns()];
  const paths = await Promise.all(texts.map((text) => store.addText(text)));
  reading = false;
  await Promise.all(readers);
  assert.deepEqual(await store.validPaths(paths), new Set(paths));
});
