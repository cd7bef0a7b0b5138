import { type Hash, makeHasher, parseNar, type TreeWriter } from "../nix/index.ts";
import { canonicalise } from "./canonical.ts";
import { hasAttributes } from "./libc.ts";
import type { Bytes } from "./store.ts";
import { storeTreeWriter } from "./tree-writer.ts";

type RestoreOptions = {
  readonly each?: ((bytes: Uint8Array) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Make the tree of a NAR at a path in a store, in canonical form; gives the NAR's SHA-256 and size. `each` gets
 * all of its bytes. Aborted, it stops in the middle of the tree.
 */
export async function restoreNar(
  path: string,
  nar: Bytes,
  { each, signal }: RestoreOptions = {},
): Promise<{ readonly hash: Hash; readonly size: number }> {
  const hasher = makeHasher("sha256");
  const writer = storeTreeWriter(path);
  try {
    const bytes = tee(nar, (chunk) => {
      signal?.throwIfAborted();
      hasher.update(chunk);
      each?.(chunk);
    });
    const size = await parseNar(bytes, writer.write);
    finishTree(path, writer);
    return { hash: hasher.finish(), size };
  } finally {
    writer.close();
  }
}

/** End a tree that is written: folders with a default access control list have given it on. */
export function finishTree(path: string, writer: TreeWriter): void {
  writer.close();
  if (hasAttributes(path)) canonicalise(path);
}

async function* tee(source: Bytes, each: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    each(chunk);
    yield chunk;
  }
}
