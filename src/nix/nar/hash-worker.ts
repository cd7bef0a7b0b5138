/** A thread of `hash-paths.ts`: it hashes paths of each list that it is sent, until all are drawn. */
import { parentPort } from "node:worker_threads";
import { hashPath } from "./hash-path.ts";
import { drawPath, openHashTable, putFailed, putHashed } from "./hash-table.ts";

export type HashWork = { readonly memory: SharedArrayBuffer; readonly files: readonly string[] };

parentPort?.on("message", async ({ memory, files }: HashWork) => {
  const table = openHashTable(memory, files.length);
  for (let index = drawPath(table); index !== undefined; index = drawPath(table)) {
    const file = files[index];
    if (file === undefined) return;
    try {
      putHashed(table, index, await hashPath(file, { threads: "never" }));
    } catch {
      // The other side tries it too, and has then what is to be told.
      putFailed(table, index);
    }
  }
});
