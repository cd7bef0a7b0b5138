/** Random trees on disk, and what is on disk as plain data. */
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { compareText, decodeText, encodeText } from "../../src/base/index.ts";

/** What a tree consists of. Names and targets are byte strings. */
export type Node = { readonly mode: number; readonly time: number } & (
  | { readonly type: "file"; readonly content: string }
  | { readonly type: "folder"; readonly members: Readonly<Record<string, Node>> }
  | { readonly type: "symlink"; readonly target: string }
);

const bytes = (most: number) =>
  fc
    .uint8Array({ minLength: 1, maxLength: most })
    .map((each) => decodeText(each.filter((byte) => byte !== 0)));

const name = fc
  .oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-zA-Z0-9 ._+'"\\\n*-]{1,12}$/) },
    { weight: 1, arbitrary: bytes(12) },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{120,200}$/) },
  )
  .filter((each) => !/^\.{0,2}$|\//.test(each));

const common = {
  mode: fc.constantFrom(0o644, 0o755, 0o600, 0o777, 0o711),
  time: fc.integer({ min: 400_000_000, max: 2_000_000_000 }),
};

/** A folder of some files, links and folders. */
export const folders: fc.Arbitrary<Node> = fc.letrec<{ node: Node; folder: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.record({
      type: fc.constant("file" as const),
      content: fc.oneof(
        fc.string({ maxLength: 20 }),
        fc.integer({ min: 500, max: 3000 }).map((size) => "x".repeat(size)),
      ),
      ...common,
    }),
    fc.record({
      type: fc.constant("symlink" as const),
      target: bytes(150).filter((each) => each !== ""),
      ...common,
    }),
    tie("folder"),
  ),
  folder: fc.record({
    type: fc.constant("folder" as const),
    members: fc.dictionary(name, tie("node"), { maxKeys: 6, noNullPrototype: true }),
    ...common,
    mode: fc.constantFrom(0o755, 0o700, 0o777, 0o711),
  }),
})).folder;

/** Write a tree. */
export function writeTree(path: string, node: Node): void {
  const at = encodeText(path);
  switch (node.type) {
    case "symlink":
      symlinkSync(encodeText(node.target), at);
      lutimesSync(at, node.time, node.time);
      return;
    case "file":
      writeFileSync(at, node.content);
      break;
    case "folder":
      mkdirSync(at);
      for (const [each, member] of Object.entries(node.members)) writeTree(`${path}/${each}`, member);
      break;
  }
  chmodSync(at, node.mode);
  utimesSync(at, node.time, node.time);
}

/** Make a hard link. */
export function linkTree(from: string, to: string): void {
  linkSync(encodeText(from), encodeText(to));
}

/** Read a tree. A symbolic link has no mode of its own. */
export function readTree(path: string): Node {
  const at = encodeText(path);
  const stat = lstatSync(at);
  const common = { mode: stat.mode & 0o7777, time: Math.floor(stat.mtimeMs / 1000) };
  if (stat.isSymbolicLink())
    return {
      ...common,
      mode: 0,
      type: "symlink",
      target: decodeText(readlinkSync(at, { encoding: "buffer" })),
    };
  if (!stat.isDirectory()) return { ...common, type: "file", content: readFileSync(at, "latin1") };
  const names = readdirSync(at, { encoding: "buffer" }).map((each) => decodeText(each));
  const members = names.sort(compareText).map((each) => [each, readTree(`${path}/${each}`)]);
  return { ...common, type: "folder", members: Object.fromEntries(members) };
}
