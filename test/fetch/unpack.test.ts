import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { CleaveError, describeError } from "../../src/base/index.ts";
import { openTar } from "../../src/fetch/archive/decompress.ts";
import { readTar } from "../../src/fetch/archive/tar.ts";
import { type Unpacked, type UnpackRequest, unpack, unpackChannel } from "../../src/fetch/index.ts";
import { folders, linkTree, readTree, writeTree } from "../support/disk-trees.ts";
import { needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const formats = ["gnu", "oldgnu", "pax"] as const;
const compressors = ["", "--gzip", "--bzip2", "--xz", "--zstd"] as const;

function tar(folder: string, ...args: readonly string[]): void {
  execFileSync("tar", args, { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
}

test("a tree packed by GNU tar comes out the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      folders,
      fc.constantFrom(...formats),
      fc.constantFrom(...compressors),
      async (tree, format, compressor) => {
        using temp = temporaryFolder();
        writeTree(join(temp.path, "tree"), tree);
        tar(
          temp.path,
          "--create",
          "--file=a",
          `--format=${format}`,
          ...(compressor === "" ? [] : [compressor]),
          "tree",
        );
        await unpack({ archive: join(temp.path, "a"), destination: join(temp.path, "out") });
        assert.deepEqual(readTree(join(temp.path, "out/tree")), readTree(join(temp.path, "tree")));
        assert.deepEqual(readdirSync(temp.path).sort(), ["a", "out", "tree"]);
      },
    ),
    { numRuns: 40 },
  );
});

test("a tree packed by Info-ZIP comes out the same", async () => {
  await fc.assert(
    fc.asyncProperty(folders, fc.constantFrom("-0", "-9"), async (tree, level) => {
      using temp = temporaryFolder();
      writeTree(join(temp.path, "tree"), tree);
      execFileSync("zip", [level, "-qry", "a.zip", "tree"], {
        cwd: temp.path,
        env: { TZ: "UTC", PATH: process.env["PATH"] },
      });
      await unpack({ archive: join(temp.path, "a.zip"), destination: join(temp.path, "out") });
      assert.deepEqual(readTree(join(temp.path, "out/tree")), readTree(join(temp.path, "tree")));
    }),
    { numRuns: 20 },
  );
});

test("hard links, fractions of seconds, large numbers, base 256, long links and names", async () => {
  using temp = temporaryFolder();
  const long = "long/".repeat(60);
  mkdirSync(join(temp.path, "tree", long), { recursive: true });
  writeFileSync(join(temp.path, "tree", long, "file"), "content");
  linkTree(join(temp.path, "tree", long, "file"), join(temp.path, "tree/link"));
  for (const format of formats) {
    tar(
      temp.path,
      "--create",
      "--file=a",
      `--format=${format}`,
      "--owner=a:4000000000",
      "--mtime=1901-01-01T00:00:00.5Z",
      "tree",
      "tree/link",
    );
    const out = join(temp.path, format);
    await unpack({ archive: join(temp.path, "a"), destination: out });
    const file = statSync(join(out, "tree", long, "file"));
    assert.equal(file.ino, statSync(join(out, "tree/link")).ino);
    assert.equal(Math.floor(file.mtimeMs / 1000), Date.UTC(1901, 0, 1) / 1000);
    assert.equal(readFileSync(join(out, "tree/link"), "utf8"), "content");
  }
  tar(temp.path, "--create", "--file=v7", "--format=v7", "-C", `tree/${long}`, "file");
  await unpack({ archive: join(temp.path, "v7"), destination: join(temp.path, "old") });
  assert.deepEqual(readdirSync(join(temp.path, "old")), ["file"]);
});

test("several members and streams, every check of xz, every level of bzip2", async () => {
  using temp = temporaryFolder();
  const big = Buffer.alloc(1_500_000, "0123456789abcdef".repeat(5)).fill(7, 500_000, 1_200_000);
  writeFileSync(join(temp.path, "file"), big);
  tar(temp.path, "--create", "--file=plain", "file");
  for (const [index, pack] of [
    "xz --check=none",
    "xz --check=crc32",
    "xz --check=crc64 --block-size=100000",
    "xz --check=sha256 -9e",
    "xz --lzma2=preset=6,lc=0,lp=4,pb=4",
    "xz -0 -T2",
    "bzip2 -1",
    "bzip2 -9",
    "gzip -1",
    "zstd -19 --long=27",
  ].entries()) {
    const half = Math.floor(big.length / 2);
    execFileSync(
      "sh",
      [
        "-c",
        `cd '${temp.path}' && { head -c ${half} plain | ${pack} -c; tail -c +${half + 1} plain | ${pack} -c; } >packed`,
      ],
      { stdio: ["ignore", "ignore", "ignore"] },
    );
    const destination = join(temp.path, `${index}`);
    await unpack({ archive: join(temp.path, "packed"), destination });
    assert.ok(readFileSync(join(destination, "file")).equals(big), pack);
  }
});

type Parts = {
  readonly target?: string;
  readonly data?: string;
  readonly mode?: string;
  readonly size?: number;
};

/** Make a header of a tar archive by hand, with its data. */
function member(
  name: string,
  type: string,
  { target = "", data = "", mode = "0000644", size = data.length }: Parts = {},
): Buffer {
  const body = Buffer.from(data, "latin1");
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write(mode, 100);
  header.write(size.toString(8).padStart(11, "0"), 124);
  header.write("00000000000", 136);
  header.write(" ".repeat(8), 148);
  header.write(type, 156);
  header.write(target, 157, 100, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return Buffer.concat([header, body, Buffer.alloc(-body.length & 511)]);
}

const end = Buffer.alloc(1024);

/** Try an archive; gives the error as shown, without the last line, and sees that nothing is left. */
async function fails(
  archive: Uint8Array,
  limits?: UnpackRequest["limits"],
  run: (request: UnpackRequest) => Promise<Unpacked> = unpack,
): Promise<string> {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "a"), archive);
  try {
    await run({
      archive: join(temp.path, "a"),
      destination: join(temp.path, "out"),
      ...(limits ? { limits } : {}),
    });
  } catch (error) {
    if (!(error instanceof CleaveError)) throw error;
    assert.deepEqual(readdirSync(temp.path), ["a"]);
    return describeError(error)
      .replace(/\n {2}more: .*\n$/, "")
      .replaceAll(temp.path, "");
  }
  return "it was unpacked";
}

const packAnew = "\n  at /a\n  hint: if you trust the archive, pack it anew without this entry";

for (const [what, message, ...members] of [
  ["an absolute name", "the absolute name /etc/passwd", member("/etc/passwd", "0")],
  ["a name that leads out", "the name a/../../b, which leads out with ..", member("a/../../b", "0")],
  [
    "a file below a link",
    "a/b below a, which is no folder but a link",
    member("a", "2", { target: "/tmp" }),
    member("a/b", "0"),
  ],
  ["a folder in place of a link", "a/ twice", member("a", "2", { target: "/tmp" }), member("a/", "5")],
  ["a link in place of a folder", "a twice", member("a/b", "0"), member("a", "2", { target: "/tmp" })],
  ["a file below a file", "a/b below a, which is no folder but a file", member("a", "0"), member("a/b", "0")],
  ["the same name twice", "./a twice", member("a", "0"), member("./a", "0")],
  [
    "a hard link to outside",
    "the hard link a to etc/passwd, which is no file that came before it",
    member("a", "1", { target: "etc/passwd" }),
  ],
  [
    "a hard link that leads out",
    "the name ../a, which leads out with ..",
    member("a", "1", { target: "../a" }),
  ],
  ["an absolute hard link", "the absolute name /etc/passwd", member("a", "1", { target: "/etc/passwd" })],
  ["a device", "the device null", member("null", "3")],
  ["a fifo", "the fifo pipe", member("pipe", "6")],
  ["a type that is not known", "a of the type Z, which cleave does not read", member("a", "Z")],
  ["a link to nowhere", "the link a to nowhere", member("a", "2")],
  [
    "a name with NUL",
    'the name "a\\u0000b", which holds NUL',
    member("x", "x", { data: "12 path=a\0b\n" }),
    member("a", "0"),
  ],
] as const)
  test(`an archive with ${what} is refused`, async () => {
    assert.equal(
      await fails(Buffer.concat([member("first\xff", "0"), ...members, end])),
      `error[archive-refused]: the archive has ${message}${packAnew}`,
    );
  });

test("a link that leads out is a link, a hard link to a link is one too", async () => {
  using temp = temporaryFolder();
  const archive = Buffer.concat([
    member("a", "2", { target: "../../etc" }),
    member("b", "1", { target: "./a" }),
    member("c", "0", { mode: "0006000" }),
    end,
  ]);
  writeFileSync(join(temp.path, "a"), archive);
  await unpack({ archive: join(temp.path, "a"), destination: join(temp.path, "out") });
  assert.deepEqual(readTree(join(temp.path, "out")), {
    ...readTree(join(temp.path, "out")),
    members: {
      a: { mode: 0, time: 0, type: "symlink", target: "../../etc" },
      b: { mode: 0, time: 0, type: "symlink", target: "../../etc" },
      c: { mode: 0o600, time: 0, type: "file", content: "" },
    },
  });
});

test("the size that a folder says is no data, as GNU tar and real Nix take it", async () => {
  using temp = temporaryFolder();
  const archive = join(temp.path, "a");
  for (const [index, folder] of [
    member("tree", "5", { mode: "0000755", size: 4096 }),
    member("tree/", "0", { mode: "0000755", size: 4096 }),
  ].entries()) {
    writeFileSync(archive, Buffer.concat([folder, member("tree/file", "0", { data: "content" }), end]));
    const out = join(temp.path, `${index}`);
    await unpack({ archive, destination: out });
    assert.equal(readFileSync(join(out, "tree/file"), "utf8"), "content");
    rmSync(join(temp.path, "tree"), { recursive: true, force: true });
    tar(temp.path, "--extract", "--file=a");
    assert.equal(readFileSync(join(temp.path, "tree/file"), "utf8"), "content");
  }
});

test("a file whose name begins as compressed data does is one of a plain archive", async () => {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "a"), Buffer.concat([member("BZh91.txt", "0", { data: "content" }), end]));
  await unpack({ archive: join(temp.path, "a"), destination: join(temp.path, "out") });
  assert.deepEqual(readdirSync(join(temp.path, "out")), ["BZh91.txt"]);
});

test("a name of a million folders is refused, and so is such a link", async () => {
  const name = "a/".repeat(500_000);
  const record = `${`path=${name}\n`.length + 8} path=${name}\n`;
  const target = `${`linkpath=${name}\n`.length + 8} linkpath=${name}\n`;
  assert.match(
    await fails(Buffer.concat([member("x", "x", { data: target }), member("a", "2"), end])),
    /^error\[archive-unpack\]: the archive has a link target of 1000000 characters, which cannot be unpacked: it begins /,
  );
  assert.equal(
    await fails(Buffer.concat([member("x", "x", { data: record }), member("a", "0"), end])),
    `error[archive-unpack]: the archive has a name of 999999 characters, which cannot be unpacked: it begins ${name.slice(0, 60)}\n  hint: a path has at most 4095 bytes`,
  );
});

test("what pax records say that does not count takes no memory", async () => {
  const most = 2 ** 20;
  const data = (at: number) => `${most} key${at}=`.padEnd(most - 1, "x").concat("\n");
  async function* headers() {
    for (let at = 0; at < 300; at += 1) yield member("x", at % 2 === 0 ? "g" : "x", { data: data(at) });
    yield Buffer.concat([member("a", "0"), end]);
  }
  setFlagsFromString("--expose-gc");
  const before = process.memoryUsage().arrayBuffers;
  const { reader } = await openTar(headers());
  for await (const { name } of readTar(reader)) {
    assert.equal(name, "a");
    runInNewContext("gc")();
    const { arrayBuffers } = process.memoryUsage();
    assert.ok(arrayBuffers - before < 100 * most, `${arrayBuffers - before} bytes`);
  }
});

test("limits hold", async () => {
  const hint =
    "\n  at /a\n  hint: if that is what you want, raise the limit (cleave unpack --max-bytes, --max-entries)";
  const archive = Buffer.concat([member("a/b/c", "0", { data: "x".repeat(1000) }), end]);
  assert.equal(
    await fails(archive, { bytes: 999 }),
    `error[archive-limit]: the archive unpacks to more than 999 bytes, which is the limit${hint}`,
  );
  assert.equal(
    await fails(archive, { entries: 2 }),
    `error[archive-limit]: the archive unpacks to more than 2 entries, which is the limit${hint}`,
  );
  assert.equal(await fails(archive, { bytes: 1000, entries: 3 }), "it was unpacked");
  const links = Buffer.concat([
    member("a", "2", { target: "12345" }),
    member("b", "2", { target: "1" }),
    end,
  ]);
  assert.equal(await fails(links, { names: 8 }), "it was unpacked");
  assert.equal(
    await fails(links, { names: 7 }),
    "error[archive-limit]: the archive unpacks to names and link targets of more than 7 characters, which is the limit" +
      "\n  at /a\n  hint: if you trust the archive, unpack it by another program, or pack it anew in parts",
  );
});

const readsWhat =
  "\n  hint: fetch it again and check its hash; cleave reads tar, plain or with gzip, bzip2, xz or zstd, and zip";

test("what is no archive, or a damaged or cut off one, is told with its offset", async () => {
  const malformed = (message: string, offset?: number) =>
    `error[archive-malformed]: ${message}\n  at /a${offset === undefined ? "" : `, offset ${offset}`}${readsWhat}`;
  assert.equal(await fails(Buffer.alloc(0)), malformed("this is no archive that cleave reads", 0));
  assert.equal(
    await fails(Buffer.from("<!doctype html>\n")),
    malformed("this is no archive that cleave reads", 0),
  );
  const file = member("a", "0", { data: "x".repeat(1000) });
  assert.equal(
    await fails(file),
    malformed("the tar archive is cut off: it lacks the zeros that end it", 1536),
  );
  assert.equal(
    await fails(file.subarray(0, 700)),
    malformed("the archive ends in the middle of a file", 700),
  );
  assert.equal(
    await fails(Buffer.concat([file, file.subarray(0, 100)])),
    malformed("a header of the tar archive is damaged", 1536),
  );
});

test("compressed data that is cut off, damaged or followed by something is told", async () => {
  using temp = temporaryFolder();
  writeFileSync(
    join(temp.path, "file"),
    Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * at) % 251)),
  );
  for (const compressor of ["gzip", "bzip2", "xz", "zstd"]) {
    tar(temp.path, "--create", "--file=a", `--${compressor}`, "file");
    const whole = readFileSync(join(temp.path, "a"));
    assert.equal(await fails(whole), "it was unpacked");
    for (let length = 6; length < whole.length; length += Math.ceil(whole.length / 40))
      assert.match(
        await fails(whole.subarray(0, length)),
        /^error\[archive-malformed\]/,
        `${compressor} ${length}`,
      );
    assert.match(await fails(whole.subarray(0, -1)), /^error\[archive-malformed\]/, compressor);
    assert.equal(await fails(Buffer.concat([whole, Buffer.alloc(1024)])), "it was unpacked", compressor);
    assert.match(
      await fails(Buffer.concat([whole, Buffer.alloc(1024), Buffer.from("something")])),
      /^error\[archive-malformed\]: something follows the/,
      compressor,
    );
    assert.match(
      await fails(Buffer.concat([whole, Buffer.from("something")])),
      /^error\[archive-malformed\]: (something follows the|the gzip data is damaged)/,
      compressor,
    );
  }
});

test("whatever is changed in an archive, it is unpacked or refused with a code, and nothing is left", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "tree"));
  for (const name of ["a", "b"]) writeFileSync(join(temp.path, "tree", name), name.repeat(300));
  const archives = ["gzip", "bzip2", "xz", "zstd"].map((compressor) => {
    tar(temp.path, "--create", "--file=a", `--${compressor}`, "tree");
    return readFileSync(join(temp.path, "a"));
  });
  tar(temp.path, "--create", "--file=a", "tree");
  archives.push(readFileSync(join(temp.path, "a")).subarray(0, 4096));
  execFileSync("zip", ["-qr", "a.zip", "tree"], { cwd: temp.path });
  const zip = readFileSync(join(temp.path, "a.zip"));
  archives.push(zip, zip);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...archives),
      fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 }),
      async (archive, changes) => {
        const changed = Buffer.from(archive);
        for (const { at, byte } of changes) changed[at % changed.length] = byte;
        const verdict = await fails(changed, { bytes: 100_000 });
        assert.match(verdict, /^(it was unpacked|error\[archive-)/);
      },
    ),
    { numRuns: 150 },
  );
});

test("a change in compressed data is found, or changes nothing", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "tree"));
  writeFileSync(join(temp.path, "tree/a"), "a".repeat(300));
  // What cannot be compressed is stored as it is, so that only checksums find a change.
  writeFileSync(join(temp.path, "tree/b"), randomBytes(3000));
  const archives = ["gzip", "bzip2", "xz", "zstd"].map((compressor) => {
    tar(temp.path, "--create", "--file=a", `--${compressor}`, "tree");
    return readFileSync(join(temp.path, "a"));
  });
  const expected = readTree(join(temp.path, "tree"));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...archives), fc.nat(), fc.nat(7), async (archive, at, bit) => {
      using folder = temporaryFolder();
      const changed = Buffer.from(archive);
      const place = at % changed.length;
      changed[place] = (changed[place] ?? 0) ^ (1 << bit);
      writeFileSync(join(folder.path, "a"), changed);
      try {
        await unpack({ archive: join(folder.path, "a"), destination: join(folder.path, "out") });
      } catch (error) {
        assert.ok(error instanceof CleaveError && error.code === "archive-malformed", `${error}`);
        return;
      }
      assert.deepEqual(readTree(join(folder.path, "out/tree")), expected);
    }),
    { numRuns: 150 },
  );
});

test("every kind of checksum of xz counts", async () => {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "file"), "content");
  tar(temp.path, "--create", "--file=plain", "file");
  for (const [check, size] of Object.entries({ crc32: 4, crc64: 8, sha256: 32 })) {
    const archive = execFileSync("xz", ["--stdout", `--check=${check}`, join(temp.path, "plain")]);
    assert.equal(await fails(archive), "it was unpacked");
    // Before the footer is the index, of a size that the footer has; before that the check of the last block.
    const index = (archive.readUInt32LE(archive.length - 8) + 1) * 4;
    const place = archive.length - 12 - index - size;
    archive[place] = (archive[place] ?? 0) ^ 1;
    assert.match(
      await fails(archive),
      /^error\[archive-malformed\]: a block of the xz data has a wrong checksum\n/,
      check,
    );
  }
});

/** A zip archive of stored members, made by hand. */
function zipOf(
  members: readonly {
    name: string;
    data?: string;
    crc?: number;
    size?: number;
    local?: string;
    at?: number;
    flags?: number;
    method?: number;
  }[],
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data = "", crc, size, local = name, at, flags = 0, method = 0 } of members) {
    const body = Buffer.from(data);
    const header = Buffer.alloc(30);
    header.write("PK\x03\x04", "latin1");
    header.writeUInt16LE(method, 8);
    header.writeUInt16LE(local.length, 26);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02", "latin1");
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt16LE(33, 14);
    entry.writeUInt32LE(crc ?? crc32(body), 16);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt32LE(size ?? body.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at ?? offset, 42);
    directory.push(entry, Buffer.from(name, "latin1"));
    parts.push(header, Buffer.from(local, "latin1"), body);
    offset += 30 + local.length + body.length;
  }
  const list = Buffer.concat(directory);
  const last = Buffer.alloc(22);
  last.write("PK\x05\x06", "latin1");
  last.writeUInt16LE(members.length, 8);
  last.writeUInt16LE(members.length, 10);
  last.writeUInt32LE(list.length, 12);
  last.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, last]);
}

test("zip archives that lie are refused", async () => {
  assert.equal(await fails(zipOf([{ name: "a", data: "x" }])), "it was unpacked");
  assert.equal(await fails(zipOf([])), "it was unpacked");
  const expect = async (archive: Buffer, pattern: RegExp) => assert.match(await fails(archive), pattern);
  await expect(zipOf([{ name: "../a" }]), /^error\[archive-refused\]: .* leads out/);
  await expect(zipOf([{ name: "a" }, { name: "a" }]), /^error\[archive-refused\]: .* a twice/);
  await expect(zipOf([{ name: "a", data: "x", crc: 1 }]), /^error\[archive-malformed\]: .* wrong checksum/);
  await expect(
    zipOf([{ name: "a", data: "x", size: 9 }]),
    /^error\[archive-malformed\]: .* smaller than it says/,
  );
  await expect(
    zipOf([{ name: "a", data: "xx", size: 1 }]),
    /^error\[archive-malformed\]: .* larger than it says/,
  );
  await expect(
    zipOf([{ name: "a", local: "b" }]),
    /^error\[archive-malformed\]: the header of a is not that/,
  );
  await expect(
    zipOf([
      { name: "a", data: "xx" },
      { name: "a", data: "x", at: 0 },
    ]),
    /^error\[archive-refused\]: the data of a overlaps/,
  );
  // Too many entries are seen in the directory, before anything else is looked at.
  assert.match(
    await fails(zipOf([{ name: "a" }, { name: "b", local: "c" }]), { entries: 1 }),
    /^error\[archive-limit\]: the archive unpacks to more than 1 entries/,
  );
  await expect(zipOf([{ name: "a", flags: 1 }]), /^error\[archive-refused\]: .* encrypted/);
  await expect(zipOf([{ name: "a", method: 99 }]), /^error\[archive-refused\]: .* method 99/);
  await expect(
    Buffer.concat([zipOf([{ name: "a" }]), Buffer.from("x")]),
    /^error\[archive-malformed\]: .* something follows it/,
  );
  await expect(zipOf([{ name: "a" }]).subarray(0, 40), /^error\[archive-malformed\]: .* cut off/);
});

test("a channel is the one entry at the top, under its name", async () => {
  using temp = temporaryFolder();
  mkdirSync(join(temp.path, "some-1.0"));
  writeFileSync(join(temp.path, "some-1.0/default.nix"), "{ }");
  tar(temp.path, "--create", "--xz", "--file=a", "./some-1.0");
  const destination = join(temp.path, "out");
  await unpackChannel({ archive: join(temp.path, "a"), destination, channelName: "some" });
  assert.deepEqual(readdirSync(destination), ["some"]);
  assert.deepEqual(readdirSync(join(destination, "some")), ["default.nix"]);
  const channel = (request: UnpackRequest) => unpackChannel({ ...request, channelName: "some" });
  assert.equal(
    await fails(Buffer.concat([member("a", "0"), member("b", "0"), end]), undefined, channel),
    `error[archive-refused]: the archive of a channel has 2 entries at its top, where one is wanted${packAnew}`,
  );
  assert.equal(
    await fails(end, undefined, channel),
    `error[archive-refused]: the archive of a channel has nothing at its top, where one is wanted${packAnew}`,
  );
  assert.equal(
    await fails(end, undefined, (request) => unpackChannel({ ...request, channelName: "../x" })),
    "error[archive-unpack]: ../x cannot be the name of a channel\n  hint: a channel's name is the name of one folder",
  );
});

test("a channel comes out as by real Nix", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const top = join(temp.path, "some-1.0");
  mkdirSync(top);
  writeFileSync(join(top, "default.nix"), "{ }");
  writeFileSync(join(top, "tool"), "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("../../elsewhere", join(top, "link"));
  linkTree(join(top, "tool"), join(top, "same"));
  for (const pack of [
    "tar -cz",
    "tar -cj",
    "tar -cJ",
    "tar -c --zstd",
    "tar -c --format=pax",
    "zip -qry z.zip",
  ]) {
    writeFileSync(
      join(temp.path, "a"),
      execFileSync("sh", ["-c", `${pack} some-1.0 && if test -e z.zip; then cat z.zip; fi`], {
        cwd: temp.path,
      }),
    );
    const destination = join(temp.path, "out");
    await unpackChannel({ archive: join(temp.path, "a"), destination, channelName: "some" });
    const expression = `derivation { name = "c"; builder = "builtin:unpack-channel"; system = "builtin"; channelName = "some"; src = ${temp.path}/a; }`;
    const built = nix.run("nix-build", ["--no-out-link", "--expr", expression]).toString().trim();
    assert.equal(
      nix.run("nix-hash", ["--type", "sha256", destination]).toString(),
      nix.run("nix-hash", ["--type", "sha256", nix.root + built]).toString(),
      pack,
    );
    rmSync(destination, { recursive: true });
  }
});

test("a place that is taken, missing, or too long a name", async () => {
  using temp = temporaryFolder();
  writeFileSync(join(temp.path, "a"), Buffer.concat([member("a".repeat(100), "0"), end]));
  const archive = join(temp.path, "a");
  const code = (destination: string) =>
    assert.rejects(
      unpack({ archive, destination: join(temp.path, destination) }),
      (error) =>
        error instanceof CleaveError &&
        error.code === "archive-unpack" &&
        // The place that was named, not the one beside it where the tree is made.
        error.message.includes(`/${destination} `),
    );
  await code("a");
  await code("none/out");
  await code("a/out");
  await code("n".repeat(300));
  await assert.rejects(
    unpack({ archive: join(temp.path, "none"), destination: join(temp.path, "out") }),
    (error) => error instanceof CleaveError && error.code === "archive-unpack",
  );
  const record = `${`path=${"long".repeat(100)}\n`.length + 4} path=${"long".repeat(100)}\n`;
  assert.match(
    await fails(Buffer.concat([member("x", "x", { data: record }), member("a", "0"), end])),
    /^error\[archive-unpack\]: longlong.*\n {2}because: ENAMETOOLONG/,
  );
});
