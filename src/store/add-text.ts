import { closeSync, openSync, writeSync } from "node:fs";
import { compareText, encodeText } from "../base/index.ts";
import {
  type ContentAddress,
  checkStorePathName,
  encoder,
  hashBytes,
  makeTextPath,
  mostAtOnce,
  type StorePath,
} from "../nix/index.ts";
import { finishFile } from "./canonical.ts";
import { realPathOf } from "./layout.ts";
import { makeValid } from "./make-valid.ts";
import type { NewPath } from "./path-info.ts";
import type { State } from "./state.ts";
import type { Text } from "./store.ts";

/** How many texts become valid in one step: each holds a lock file open meanwhile. */
const textsAtOnce = 200;

/** See `Store.addTexts`. */
export async function addTexts(state: State, texts: Iterable<Text>): Promise<StorePath[]> {
  const all = [...texts].map(prepare);
  for (let at = 0; at < all.length; at += textsAtOnce) {
    const part = new Map(all.slice(at, at + textsAtOnce).map((each) => [each.path, each]));
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
  const nar = encodeFile(bytes);
  return { path, narHash: hashBytes("sha256", nar), narSize: nar.length, references, contentAddress };
}

let block = Buffer.alloc(0);

/** Write the NAR of a text; it is good until the next is written. */
function encodeFile(bytes: Uint8Array): Buffer {
  if (block.length < bytes.length + 2 * mostAtOnce)
    block = Buffer.allocUnsafeSlow(2 * bytes.length + 4 * mostAtOnce);
  let at = encoder.magic(block, 0);
  at = encoder.regular(block, at, false, bytes.length);
  block.set(bytes, at);
  at = encoder.padding(block, at + bytes.length, bytes.length);
  return block.subarray(0, encoder.close(block, at));
}

function writeReadOnly(file: string, bytes: Uint8Array): void {
  const fd = openSync(file, "wx", 0o444);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    finishFile(fd, file);
  } finally {
    closeSync(fd);
  }
}
