/** The grammar of NAR: encoder and parser, without a file system. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, decodeText, describeError } from "../../../src/base/index.ts";
import { encodeNar, type NarEvent, type NarTree, narParser, parseNar } from "../../../src/nix/index.ts";
import { mutatedNars, narString as str } from "../../support/mutated-nars.ts";
import { narTrees } from "../../support/trees.ts";

const encode = (tree: NarTree): Buffer => Buffer.concat([...encodeNar(tree)]);

const nar = (...parts: (string | Buffer)[]) =>
  Buffer.concat(
    ["nix-archive-1", "(", "type", ...parts].map((part) => (typeof part === "string" ? str(part) : part)),
  );

const entry = (name: string | Buffer, ...node: (string | Buffer)[]) =>
  Buffer.concat(
    [...["entry", "(", "name"], str(name), ...["node", "(", "type"], ...node, ")", ")"].map((part) =>
      typeof part === "string" ? str(part) : part,
    ),
  );

const empty = ["regular", "contents", ""] as const;

/** Cut bytes into pieces of the sizes, in turn. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    // A copy, so that what is kept of an earlier piece cannot be mended by a later one.
    yield Buffer.from(bytes.subarray(at, at + size));
    at += size;
  }
}

/** Build the tree that events tell. */
function collector(): { readonly emit: (event: NarEvent) => void; readonly tree: () => NarTree } {
  type Folder = Map<string, NarTree>;
  const folders: Folder[] = [];
  const result: Folder = new Map();
  let name = "root";
  const put = (tree: NarTree) => (folders.at(-1) ?? result).set(name, tree);
  const emit = (event: NarEvent): void => {
    switch (event.type) {
      case "directory": {
        const entries: Folder = new Map();
        put({ type: "directory", entries });
        folders.push(entries);
        return;
      }
      case "entry":
        name = decodeText(event.name);
        return;
      case "end":
        folders.pop();
        return;
      case "regular":
        put({ type: "regular", executable: event.executable, contents: Buffer.alloc(0) });
        return;
      case "contents": {
        const file = (folders.at(-1) ?? result).get(name);
        assert.ok(file?.type === "regular");
        put({ ...file, contents: Buffer.concat([file.contents, event.bytes]) });
        return;
      }
      case "symlink":
        put({ type: "symlink", target: decodeText(event.target) });
        return;
    }
  };
  return {
    emit,
    tree: () => {
      const tree = result.get("root");
      assert.ok(tree);
      return tree;
    },
  };
}

async function parse(bytes: Buffer, sizes: readonly number[] = [bytes.length]): Promise<NarTree> {
  const { emit, tree } = collector();
  assert.equal(await parseNar(pieces(bytes, sizes), emit), bytes.length);
  return tree();
}

async function refusal(bytes: Buffer | Iterable<Buffer>): Promise<string> {
  try {
    await parseNar(Buffer.isBuffer(bytes) ? [bytes] : bytes, () => {});
  } catch (error) {
    assert.ok(error instanceof CleaveError, String(error));
    return describeError(error);
  }
  return "no error";
}

test("parsing what was encoded gives the tree, however it is cut into chunks", async () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5000 })), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(narTrees, sizes, async (tree, each) => {
      const bytes = encode(tree);
      const parsed = await parse(bytes, bytes.length > 100_000 ? [4099] : each);
      assert.deepEqual(encode(parsed), bytes);
    }),
    { numRuns: 150 },
  );
});

test("the offset of a file is where its contents begin", async () => {
  const bytes = nar("directory", entry("a", "regular", "contents", "hello"), entry("b", ...empty), ")");
  const offsets: number[] = [];
  await parseNar([bytes], (event) => {
    if (event.type === "regular") offsets.push(event.offset);
  });
  assert.equal(bytes.toString("latin1", offsets[0], (offsets[0] ?? 0) + 5), "hello");
  assert.equal(bytes.readBigUInt64LE((offsets[1] ?? 0) - 8), 0n);
});

test("a parser stops at the end of the NAR and leaves the rest", () => {
  const bytes = nar(...empty, ")");
  const parser = narParser(() => {});
  assert.equal(parser.push(Buffer.concat([bytes, Buffer.from("rest")])), bytes.length);
  assert.ok(parser.done());
  assert.equal(parser.push(Buffer.from("rest")), 0);
});

const refused: Record<string, [Buffer, string]> = {
  nothing: [Buffer.alloc(0), "nar-malformed]: the NAR is cut off: it lacks nix-archive-1\n  at offset 0\n"],
  "another file": [
    Buffer.from("#!/bin/sh\necho hello world\nexit 0\n"),
    "nar-malformed]: there are the bytes 23 21 2f 62 69 6e 2f 73 68 0a 65 63 68 6f 20 68 at / where nix-archive-1 should be\n  at offset 0\n",
  ],
  "another version": [
    Buffer.concat([str("nix-archive-2"), str("("), str("type")]),
    "nar-malformed]: there is nix-archive-2 at / where nix-archive-1 should be\n  at offset 0\n",
  ],
  "an unknown type": [
    nar("socket", ")"),
    "nar-malformed]: there is socket at / where regular or symlink or directory should be\n  at offset 56\n",
  ],
  "executable without its mark": [
    nar("regular", "executable", "yes", "contents", "", ")"),
    'nar-malformed]: there is yes at / where "" should be\n  at offset 96\n',
  ],
  "bytes after the end": [
    Buffer.concat([nar(...empty, ")"), Buffer.from("x")]),
    "nar-malformed]: there are bytes after the end of the NAR\n  at offset 112\n",
  ],
  "cut contents": [
    nar("regular", "contents", str("abc", 0, 30)),
    "nar-malformed]: the NAR is cut off: it lacks 22 of the 30 bytes of /\n  at offset 104\n",
  ],
  "padding of contents": [
    nar("regular", "contents", str("abc", 1), ")"),
    "nar-malformed]: the padding of a string at / is not zero but 0101010101\n  at offset 99\n",
  ],
  "padding of a name": [
    nar("directory", "entry", "(", "name", str("abc", 1), "node"),
    "nar-malformed]: the padding of a string at / is not zero but 0101010101\n  at offset 139\n",
  ],
  "an empty name": [
    nar("directory", entry("", ...empty), ")"),
    "nar-malformed]: a name in / is empty\n  at offset 128\n",
  ],
  "the name .": [
    nar("directory", entry(".", ...empty), ")"),
    "nar-malformed]: a name in / stands for another folder: .\n  at offset 136\n",
  ],
  "the name ..": [
    nar("directory", entry("..", ...empty), ")"),
    "nar-malformed]: a name in / stands for another folder: ..\n  at offset 136\n",
  ],
  "a name with /": [
    nar("directory", entry("a/b", ...empty), ")"),
    "nar-malformed]: a name in / has a / in it: a/b\n  at offset 136\n",
  ],
  "a name with NUL": [
    nar("directory", entry("a\0b", ...empty), ")"),
    'nar-malformed]: a name in / has a NUL in it: "a\\u0000b"\n  at offset 136\n',
  ],
  "a long name": [
    nar("directory", entry("n".repeat(256), ...empty), ")"),
    "nar-malformed]: a name in / has 256 bytes, more than 255\n  at offset 128\n",
  ],
  "an endless name": [
    nar("directory", "entry", "(", "name", str("abc", 0, Number.MAX_SAFE_INTEGER)),
    "nar-malformed]: a name in / has 9007199254740991 bytes, more than 255\n  at offset 128\n",
  ],
  "a name twice": [
    nar("directory", entry("a", "directory", entry("b", ...empty), entry("b", ...empty)), ")"),
    "nar-malformed]: the folder /a has the entry b twice\n  at offset 456\n",
  ],
  "names that fall": [
    nar("directory", entry("b", ...empty), entry("a", ...empty), ")"),
    "nar-malformed]: the entry a of the folder / comes after b, and must come before it\n  at offset 320\n",
  ],
  "names in the order of UTF-16": [
    nar("directory", entry("\u{10000}", ...empty), entry("\uffff", ...empty), ")"),
    'nar-malformed]: the entry "\uffff" of the folder / comes after \u{10000}, and must come before it\n  at offset 320\n',
  ],
  "an empty target": [
    nar("symlink", "target", "", ")"),
    "nar-malformed]: the target of the symlink / is empty\n  at offset 88\n",
  ],
  "a target with NUL": [
    nar("symlink", "target", "a\0", ")"),
    "nar-malformed]: the target of the symlink / has a NUL in it\n  at offset 96\n",
  ],
  "a long target": [
    nar("symlink", "target", "x".repeat(4096), ")"),
    "nar-malformed]: the target of the symlink / has 4096 bytes, more than 4095\n  at offset 88\n",
  ],
  "a size of 2^53": [
    nar("directory", entry("f", "regular", "contents", str("", 0, 2 ** 53)), ")"),
    "nar-too-large]: the contents of /f would have 9007199254740992 bytes, not less than 2^53\n  at offset 224\n",
  ],
  "a size of 2^64 - 1": [
    nar("regular", "contents", Buffer.alloc(8, 255)),
    "nar-too-large]: the contents of / would have 18446744073709551615 bytes, not less than 2^53\n  at offset 88\n",
  ],
};

for (const [what, [bytes, text]] of Object.entries(refused))
  test(`refused with its offset: ${what}`, async () => {
    const code = /^[a-z-]+/.exec(text)?.[0];
    const whole = `error[${text}  more: cleave explain ${code}\n`;
    assert.equal(await refusal(bytes), whole);
    assert.equal(await refusal(pieces(bytes, [1])), whole);
  });

test("a name of 255 bytes and a target of 4,095 are taken", async () => {
  for (const bytes of [
    nar("directory", entry("n".repeat(255), ...empty), ")"),
    nar("symlink", "target", "x".repeat(4095), ")"),
  ])
    assert.equal(await refusal(bytes), "no error");
});

test("a NAR that is cut anywhere is refused at the cut", async () => {
  const bytes = nar(
    "directory",
    entry("a", "regular", "executable", "", "contents", "hello"),
    entry("b", "directory", entry("c", "symlink", "target", "../a")),
    ")",
  );
  assert.equal(await refusal(bytes), "no error");
  for (let length = 0; length < bytes.length; length += 1)
    assert.match(
      await refusal(bytes.subarray(0, length)),
      new RegExp(`cut off: .*\n {2}at offset ${length}\n`),
    );
});

test("10,000 folders in each other are read, and 2^20 are the most", async () => {
  function* nested(depth: number): Generator<Buffer> {
    yield nar("directory");
    const open = Buffer.concat(
      ["entry", "(", "name", "d", "node", "(", "type", "directory"].map((each) => str(each)),
    );
    const many = Buffer.concat(Array.from({ length: 1000 }, () => open));
    for (let at = 0; at < depth; at += 1000) yield many;
    const close = Buffer.concat(Array.from({ length: 2000 }, () => str(")")));
    for (let at = 0; at < depth; at += 1000) yield close;
    yield str(")");
  }
  assert.equal(await refusal(nested(10_000)), "no error");
  assert.match(
    await refusal(nested(2_000_000)),
    /^error\[nar-too-large\]: more than 1048576 folders are in each other\n {2}at offset 142606392\n/,
  );
});

test("fuzz: a mutated NAR gives a coded error with an offset, or the tree that encodes to it", async () => {
  await fc.assert(
    fc.asyncProperty(mutatedNars, fc.integer({ min: 1, max: 300 }), async (bytes, size) => {
      let tree: NarTree;
      try {
        tree = await parse(bytes, [size]);
      } catch (error) {
        assert.ok(error instanceof CleaveError, String(error));
        assert.match(error.code, /^nar-(malformed|too-large)$/);
        assert.ok(error.location?.offset !== undefined && error.location.offset <= bytes.length);
        return;
      }
      assert.deepEqual(encode(tree), bytes);
    }),
    { numRuns: 2000 },
  );
});

test("the encoder refuses names and targets that a parser would", () => {
  const file: NarTree = { type: "regular", executable: false, contents: new Uint8Array() };
  const folder = (name: string): NarTree => ({ type: "directory", entries: new Map([[name, file]]) });
  for (const tree of [folder(""), folder(".."), folder("a/b"), folder("n".repeat(256)), folder("\0")])
    assert.throws(() => encode(tree), { code: "nar-malformed" });
  for (const target of ["", "\0", "x".repeat(4096)])
    assert.throws(() => encode({ type: "symlink", target }), { code: "nar-malformed" });
});
