/** What becomes of the outputs: names, links, contents, and what cannot be rewritten. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { constants, deflateRawSync, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { needsTools } from "../../support/bootstrapped.ts";
import { repository } from "../../support/cleave.ts";
import { needsBusybox } from "../../support/sandbox.ts";
import { inStore, openRunnerRig, placeholderOf, type RunnerRig, readOutput, realPath } from "./rig.ts";

const options = needsTools.skip === false ? needsBusybox : needsTools;

let rig: RunnerRig;
before(async () => {
  if (options.skip === false) rig = await openRunnerRig();
});
after(() => rig?.[Symbol.asyncDispose]());

/** Seal one phase, which finds the files at `/nix/store/files`. */
async function sealing(script: string, files: Readonly<Record<string, Uint8Array>> = {}, outputs = ["out"]) {
  const folder = join(rig.rig.folder, `given-${Math.random()}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return rig.group({
    phases: [{ name: "install", script }],
    end: "seal",
    outputs,
    inputs: [{ host: folder, inside: "/nix/store/files" }],
  });
}

test("placeholders become paths in contents, links and names", options, async () => {
  const dev = basename(placeholderOf("dev"));
  const ran = await sealing(
    `mkdir -p "$out/a/${dev}/$(basename $out)" "$dev"
printf '%s\\0%s' "$out/x" "$dev" >"$out/a/${dev}/file"
head -c 262100 /dev/zero >"$out/big"; printf '%s' "$out$out" >>"$out/big"; head -c 100 /dev/zero >>"$out/big"
ln -s "$dev/include" "$out/link"; ln -s $(basename $out) "$out/$(basename $dev)"
echo "$out" >"$out/closed"; chmod 0 "$out/closed"; mkdir "$out/shut"; echo "$dev" >"$out/shut/file"; chmod 0 "$out/shut"
echo "$out" >"$out/one"; ln "$out/one" "$out/two"; echo "$(basename $out | cut -c1-31)" >"$out/near"`,
    {},
    ["out", "dev"],
  );
  assert.equal(ran.code, 0, ran.log);
  const out = inStore(ran, realPath("out"));
  const inner = join(out, "a", basename(realPath("dev")));
  assert.deepEqual(readdirSync(inner).sort(), [basename(realPath("out")), "file"]);
  assert.equal(readFileSync(join(inner, "file"), "latin1"), `${realPath("out")}/x\0${realPath("dev")}`);
  assert.equal(readlinkSync(join(out, "link")), `${realPath("dev")}/include`);
  assert.equal(readlinkSync(join(out, basename(realPath("dev")))), basename(realPath("out")));
  assert.equal(
    readFileSync(join(out, "big"), "latin1"),
    `${"\0".repeat(262100)}${realPath("out")}${realPath("out")}${"\0".repeat(100)}`,
  );
  chmodSync(join(out, "closed"), 0o400);
  chmodSync(join(out, "shut"), 0o700);
  for (const name of ["closed", "one", "two"]) assert.equal(readOutput(ran, name), `${realPath("out")}\n`);
  assert.equal(readOutput(ran, "shut/file"), `${realPath("dev")}\n`);
  assert.equal(readOutput(ran, "near"), `${basename(placeholderOf("out")).slice(0, 31)}\n`);
  assert.ok(!existsSync(inStore(ran, placeholderOf("out"))));
});

test("an output may be a file or a symlink", options, async () => {
  const ran = await sealing(`echo "$dev" >"$out"; chmod 666 "$out"; ln -s "$out" "$dev"`, {}, ["out", "dev"]);
  assert.equal(ran.code, 0, ran.log);
  assert.equal(readFileSync(inStore(ran, realPath("out")), "utf8"), `${realPath("dev")}\n`);
  assert.equal(statSync(inStore(ran, realPath("out"))).mode & 0o777, 0o644);
  assert.equal(readlinkSync(inStore(ran, realPath("dev"))), realPath("out"));
});

test("an output that nobody made is an error", options, async () => {
  const ran = await sealing(`mkdir "$out"`, {}, ["out", "dev"]);
  assert.equal(ran.code, 1);
  assert.equal(
    ran.log,
    `@nix {"action":"setPhase","phase":"install"}
cleave: the phases of leaky 1.0 did not make the output dev: there is no ${placeholderOf("dev")}
  hint: a phase makes each output at phase.outputs; remove the output from the package if it has none
`,
  );
});

/** Text in which nothing repeats, so that deflate finds little to copy. */
const noise = Array.from({ length: 60_000 }, (_, at) => ((at * 2654435761) >>> 0).toString(36)).join("");

/** A zip with one member. */
function zip(name: string, content: Uint8Array, method: 0 | 8): Uint8Array {
  const packed = method === 8 ? deflateRawSync(content) : content;
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed]);
  const central = Buffer.concat([
    Buffer.from("PK\x01\x02\x14\0", "latin1"),
    fields,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** Compress with the program xz of the machine. */
function xz(content: Uint8Array, ...args: string[]): Uint8Array {
  return execFileSync("xz", ["-c", ...args], { input: content, maxBuffer: 1 << 26 });
}

function zstd(content: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(content, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/** Text as programs and people write it. */
const words = readFileSync(join(repository, "package-lock.json"));

const path = Buffer.from(`${noise}${placeholderOf("out")}/share${noise}`);
const plain = Buffer.from(noise);
const compressed: Readonly<Record<string, Uint8Array>> = {
  "gzip.gz": gzipSync(path),
  "fastest.gz": gzipSync(path, { level: 1 }),
  "stored.gz": gzipSync(path, { level: 0 }),
  "fixed.gz": gzipSync(path, { strategy: 4 }),
  "second-member.gz": Buffer.concat([gzipSync(plain), gzipSync(path)]),
  "repeated.gz": gzipSync(Buffer.concat([Buffer.from("x".repeat(300_000)), path])),
  "deflated.zip": zip("member", path, 8),
  "stored.zip": zip("member", path, 0),
  "best.xz": xz(path, "-9e"),
  "fastest.xz": xz(path, "-0"),
  "blocks.xz": xz(path, "--block-size=100000", "--check=sha256"),
  "second-stream.xz": Buffer.concat([xz(plain, "--check=sha256"), Buffer.alloc(4), xz(path, "--check=none")]),
  "filtered.xz": xz(path, "--x86", "--lzma2=preset=6,lc=0,lp=2,pb=0"),
  "repeated.xz": xz(Buffer.concat([Buffer.from("xyz".repeat(2_000_000)), randomBytes(200_000), path])),
  "fastest.zst": zstd(path, 1),
  "best.zst": zstd(path, 19),
  "incompressible.zst": zstd(Buffer.concat([randomBytes(300_000), path]), 3),
  "repeated.zst": zstd(Buffer.concat([Buffer.from("xyz".repeat(2_000_000)), Buffer.alloc(300_000), path]), 9),
  "words.zst": zstd(Buffer.concat([words, words.subarray(7), Buffer.from(placeholderOf("out")), words]), 12),
  "words.xz": xz(Buffer.concat([words, words.subarray(7), Buffer.from(placeholderOf("out")), words])),
  "short.zst": zstd(Buffer.from(placeholderOf("out")), 3),
};

for (const [name, content] of Object.entries(compressed))
  test(`a placeholder inside of ${name} is an error`, options, async () => {
    const ran = await sealing(`mkdir -p "$out/share"; cp /nix/store/files/* "$out/share/"`, {
      [name]: content,
      "plain.gz": gzipSync(plain),
    });
    assert.equal(ran.code, 1, ran.log);
    assert.equal(
      ran.log,
      `@nix {"action":"setPhase","phase":"install"}
cleave: the output out of leaky 1.0 holds ${placeholderOf("out")} in a compressed file, where it cannot be replaced: share/${name}
  hint: compress only what holds no path of an output, or leave the file uncompressed
`,
    );
  });

test(
  "compressed files without a placeholder, and what only looks compressed, are kept",
  options,
  async () => {
    const half = gzipSync(plain).subarray(0, 5000);
    const given = {
      "plain.gz": gzipSync(plain),
      "cut.gz": half,
      "plain.zst": zstd(Buffer.concat([plain, words]), 7),
      "cut.zst": zstd(plain, 3).subarray(0, 20_000),
      "plain.xz": Buffer.concat([xz(plain), xz(plain)]),
      "cut.xz": xz(plain).subarray(0, 20_000),
      "plain.zip": zip("member", plain, 8),
      broken: Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]), Buffer.alloc(1000, 0xff)]),
      end: Buffer.concat([
        Buffer.from("PK"),
        Buffer.alloc(30),
        Buffer.from("PK\x05\x06"),
        Buffer.alloc(18, 0xff),
      ]),
      tiny: Buffer.from([0x1f, 0x8b]),
    };
    const ran = await sealing(`mkdir "$out"; cp /nix/store/files/* "$out/"`, given);
    assert.equal(ran.code, 0, ran.log);
    for (const [name, content] of Object.entries(given))
      assert.deepEqual(readFileSync(join(inStore(ran, realPath("out")), name)), content, name);
    assert.equal(gunzipSync(readFileSync(join(inStore(ran, realPath("out")), "plain.gz"))).toString(), noise);
  },
);
