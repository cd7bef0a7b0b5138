import { renameSync } from "node:fs";
import { CleaveError } from "../base/index.ts";
import { dumpPath, equalHash, formatNamedHash, makeHasher, type StorePath } from "../nix/index.ts";
import { exportReader, writeNumber, writeTrailer } from "./export-format.ts";
import { growing } from "./growing.ts";
import { realPathOf } from "./layout.ts";
import { makeValid } from "./make-valid.ts";
import { orderByReferences } from "./order.ts";
import { infoOf } from "./query.ts";
import { finishTree } from "./restore.ts";
import type { State } from "./state.ts";
import type { Bytes } from "./store.ts";
import { storeTreeWriter } from "./tree-writer.ts";

/**
 * Write valid paths as a stream of `export-format.ts`, each after those that it refers to. Throws
 * `store-invalid-path`, and `store-hash-mismatch` for a path whose content is no longer what was registered.
 */
export async function* exportPaths(
  { layout, database, roots }: State,
  paths: Iterable<StorePath>,
): AsyncGenerator<Buffer> {
  const all = [...paths];
  await roots.add(all);
  for (const path of orderByReferences(all, (each) => infoOf(database, each).references)) {
    const info = infoOf(database, path);
    yield writeNumber(1);
    const hasher = makeHasher("sha256");
    for await (const block of dumpPath(realPathOf(layout, path))) {
      hasher.update(block);
      yield block;
    }
    const hash = hasher.finish();
    if (!equalHash(hash, info.narHash))
      throw new CleaveError({
        code: "store-hash-mismatch",
        message: `${path} was modified: it has ${formatNamedHash(hash, "nix32")}, where ${formatNamedHash(info.narHash, "nix32")} was registered`,
        hint: "what was written of it so far must not be used; cleave store verify --check-contents finds all such paths",
      });
    yield writeTrailer({ path, references: info.references, deriver: info.deriver });
  }
  yield writeNumber(0);
}

/**
 * Make the paths of a stream valid, one by one, and give each as soon as it is. The stream is trusted, as that
 * of `nix-store --import` is: nothing in it says that a path has the content that its derivation makes. Throws
 * `store-export-malformed`, `store-invalid-path` and what reading a NAR throws.
 */
export async function* importPaths(
  state: State,
  source: Bytes,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<StorePath> {
  const { layout } = state;
  const reader = exportReader(source);
  while (await reader.more()) {
    // The path comes after its NAR.
    using tree = await growing(state);
    const writer = storeTreeWriter(tree.place);
    try {
      const hasher = makeHasher("sha256");
      const narSize = await reader.nar(writer.write, (bytes) => {
        signal?.throwIfAborted();
        hasher.update(bytes);
      });
      finishTree(tree.place, writer);
      const narHash = hasher.finish();
      const trailer = await reader.trailer();
      const make = () => {
        renameSync(tree.place, realPathOf(layout, trailer.path));
        return [{ ...trailer, narHash, narSize }];
      };
      await makeValid(state, [trailer.path], make, signal);
      yield trailer.path;
    } finally {
      writer.close();
    }
  }
}
