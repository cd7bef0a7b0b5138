import { closeSync, fchmodSync, futimesSync, openSync, writeSync } from "node:fs";
import { compareText, encodeText } from "../base/index.ts";
import {
  type ContentAddress,
  checkStorePathName,
  encodeNar,
  hashBytes,
  makeHasher,
  makeTextPath,
  type StorePath,
} from "../nix/index.ts";
import { storeTime } from "./canonical.ts";
import { realPathOf } from "./layout.ts";
import { makeValid } from "./make-valid.ts";
import type { NewPath } from "./path-info.ts";
import type { State } from "./state.ts";
import type { Text } from "./store.ts";

/** How many texts become valid in one step: each holds a lock file open meanwhile. */
const mostAtOnce = 200;

/** See `Store.addTexts`. */
export async function addTexts(state: State, texts: Iterable<Text>): Promise<StorePath[]> {
  const all = [...texts].map(prepare);
  for (let at = 0; at < all.length; at += mostAtOnce) {
    const part = new Map(all.slice(at, at + mostAtOnce).map((each) => [each.path, each]));
    await makeValid(state, [...part.keys()], (missing) =>
      missing.flatMap((path) => {
        const each = part.get(path);
        if (each === undefined) return [];
        writeReadOnly(realPathOf(state.layout, path), each.bytes);
        return [newPath(each)];
      }),
    );
  }
  return all.map(({ path }) => path);
}

type Prepared = Pick<NewPath, "path" | "references"> & {
  readonly bytes: Uint8Array;
  readonly contentAddress: ContentAddress;
};

function prepare({ name, content, references = [] }: Text): Prepared {
  checkStorePathName(name);
  const bytes = typeof content === "string" ? encodeText(content) : content;
  const ordered = [...new Set(references)].sort(compareText);
  const hash = hashBytes("sha256", bytes);
  return {
    path: makeTextPath(name, hash, ordered),
    references: ordered,
    bytes,
    contentAddress: { method: "text", hash },
  };
}

function newPath({ path, references, bytes, contentAddress }: Prepared): NewPath {
  const hasher = makeHasher("sha256");
  let narSize = 0;
  for (const block of encodeNar({ type: "regular", executable: false, contents: bytes })) {
    hasher.update(block);
    narSize += block.length;
  }
  return { path, narHash: hasher.finish(), narSize, references, contentAddress };
}

function writeReadOnly(file: string, bytes: Uint8Array): void {
  const fd = openSync(file, "wx", 0o444);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fchmodSync(fd, 0o444);
    futimesSync(fd, storeTime, storeTime);
  } finally {
    closeSync(fd);
  }
}
