/** Random trees of files, for tests that write, archive and read them. */
import { Buffer } from "node:buffer";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { decodeText, encodeText } from "../../src/base/index.ts";
import type { NarTree } from "../../src/nix/index.ts";

const name = fc
  .oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-cA-C.~_+-]{1,4}$/) },
    { weight: 2, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 12 }) },
    {
      weight: 2,
      arbitrary: fc.uint8Array({ min: 1, minLength: 1, maxLength: 20 }).map((bytes) => decodeText(bytes)),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("a b", "new\nline", "~nix~case~hack~1", "é", "e\u0301", "...", "\\", '"'),
    },
    { weight: 1, arbitrary: fc.integer({ min: 250, max: 255 }).map((length) => "n".repeat(length)) },
  )
  .map((text) => text.replaceAll("/", "_").replaceAll("\0", "_"))
  .filter((text) => text !== "." && text !== ".." && encodeText(text).length <= 255);

const contents = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  // Around the chunks of readers and writers.
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(4096, 65536, 262144, 300000), fc.integer({ min: -9, max: 9 }), fc.nat(255))
      .map(([size, more, byte]) => new Uint8Array(size + more).fill(byte)),
  },
);

const regular = fc.record({ type: fc.constant("regular" as const), executable: fc.boolean(), contents });
const symlink = fc.record({
  type: fc.constant("symlink" as const),
  target: fc.oneof(name, fc.constantFrom("/nonexistent", "../..", ".", "a/b", "x".repeat(4000))),
});

/** Trees of every kind of node, with odd names, at most 4 folders deep. */
export const narTrees: fc.Arbitrary<NarTree> = fc.letrec<{ node: NarTree }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    regular,
    symlink,
    fc
      .uniqueArray(fc.tuple(name, tie("node")), { maxLength: 6, selector: ([each]) => each })
      .map((entries) => ({
        type: "directory" as const,
        entries: new Map(entries),
      })),
  ),
})).node;

/** Make a tree on disk at a path. */
export function writeTree(path: string | Buffer, tree: NarTree): void {
  const raw = Buffer.from(path);
  switch (tree.type) {
    case "regular":
      writeFileSync(raw, tree.contents);
      chmodSync(raw, tree.executable ? 0o755 : 0o644);
      return;
    case "symlink":
      symlinkSync(encodeText(tree.target), raw);
      return;
    case "directory":
      mkdirSync(raw);
      for (const [each, node] of tree.entries)
        writeTree(Buffer.concat([raw, Buffer.from("/"), encodeText(each)]), node);
      return;
  }
}

/** Make a folder of the trees, called 0, 1, ... */
export function folderOf(trees: readonly NarTree[]): NarTree {
  return { type: "directory", entries: new Map(trees.map((tree, index) => [`${index}`, tree])) };
}
