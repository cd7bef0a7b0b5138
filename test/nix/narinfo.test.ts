import assert from "node:assert/strict";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { CleaveError, decodeText, describeError, encodeText } from "../../src/base/index.ts";
import {
  baseName,
  type ContentAddress,
  fingerprint,
  formatBase32,
  formatContentAddress,
  formatHash,
  formatNamedHash,
  formatNarInfo,
  formatPublicKey,
  formatSecretKey,
  hashAlgorithms,
  hashBytes,
  hashPart,
  makeContentAddressedPath,
  makeSecretKey,
  type NarInfo,
  namePart,
  parseContentAddress,
  parseNarInfo,
  parsePublicKey,
  parseStorePath,
  type StorePath,
  signNarInfo,
  sortStorePaths,
  verifyNarInfo,
} from "../../src/nix/index.ts";
import { type Nix, needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const key = makeSecretKey("test-1", Buffer.alloc(32, 7));

/** A store with texts, files, content with references, and input-addressed paths that refer to them. */
function fill(nix: Nix, folder: string): StorePath[] {
  const texts = JSON.parse(
    nix
      .run("nix-instantiate", [
        ...["--eval", "--strict", "--json", "--read-write-mode", "--expr"],
        `let a = builtins.toFile "a" "first"; b = builtins.toFile "b" "then \${a}";
         in [ a b (derivation { name = "d"; system = "s"; builder = b; }).drvPath ]`,
      ])
      .toString(),
  ) as string[];
  writeFileSync(join(folder, "file"), "content");
  const added = ["md5", "sha1", "sha512"].map((algorithm) =>
    nix.run("nix-store", ["--add-fixed", algorithm, "file"]).toString().trim(),
  );
  const tree = nix.run("nix-store", ["--add", "file"]).toString().trim();
  const paths = [...texts.slice(0, 2), ...added, tree].map(parseStorePath);
  const registration = Array.from({ length: 8 }, (_, index) => {
    const path = parseStorePath(
      `/nix/store/${formatBase32(hashBytes("sha1", `${index}`).digest)}-made-${index}`,
    );
    const references = [...paths.slice(index % 3, index + 2), ...(index % 2 === 0 ? [path] : [])];
    mkdirSync(join(nix.root, path));
    writeFileSync(join(nix.root, path, "names"), references.join("\n"));
    const nar = nix.run("nix-store", ["--dump", join(nix.root, path)]);
    const deriver = index % 3 === 0 ? (texts[2] ?? "") : "";
    paths.push(path);
    return [
      path,
      formatNamedHash(hashBytes("sha256", nar), "base16").slice(7),
      nar.length,
      deriver,
      references.length,
      ...references,
    ];
  });
  nix.run("nix-store", ["--load-db"], registration.map((each) => `${each.join("\n")}\n`).join(""));
  return paths;
}

const narInfosIn = (folder: string) =>
  globSync(join(folder, "*.narinfo")).map((file) => ({ file, text: decodeText(readFileSync(file)) }));

test(
  "Nix law: narinfos that real Nix writes are read, written again byte for byte, and signed alike",
  needsNix,
  () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    const paths = fill(nix, temp.path);
    writeFileSync(join(temp.path, "secret"), formatSecretKey(key));
    for (const compression of ["none", "xz"])
      nix.run("nix", [
        ...[
          "copy",
          "--to",
          `file://${temp.path}/cache-${compression}?compression=${compression}&secret-key=${temp.path}/secret`,
        ],
        ...paths,
      ]);
    for (const compression of ["none", "xz"]) {
      const all = narInfosIn(join(temp.path, `cache-${compression}`));
      assert.equal(all.length, paths.length);
      for (const { text } of all) {
        const info = parseNarInfo(text);
        assert.equal(formatNarInfo(info), text);
        assert.equal(info.compression, compression);
        // Signed by Nix with the same key: ed25519 gives the same signature to the same text.
        assert.deepEqual(signNarInfo({ ...info, signatures: [] }, key), info);
        assert.deepEqual(verifyNarInfo(info, [key.publicKey]), [key.publicKey]);
        if (info.contentAddress !== undefined)
          assert.equal(
            makeContentAddressedPath(namePart(info.path), info.contentAddress, {
              references: info.references,
            }),
            info.path,
          );
      }
      assert.ok(all.some(({ text }) => text.includes("\nCA: text:")));
      assert.ok(all.some(({ text }) => text.includes("\nDeriver: ")));
    }
  },
);

test(
  "Nix law: real Nix takes narinfos that are written and signed here, and no forged ones",
  needsNix,
  () => {
    using temp = temporaryFolder();
    using elsewhere = temporaryFolder();
    const nix = nixIn(temp.path);
    const paths = fill(nix, temp.path);
    const cache = join(temp.path, "cache");
    nix.run("nix", ["copy", "--to", `file://${cache}?compression=xz`, ...paths]);
    const other = makeSecretKey("other-1", Buffer.alloc(32, 9));
    for (const { file, text } of narInfosIn(cache)) {
      const info = parseNarInfo(text);
      assert.deepEqual(info.signatures, []);
      writeFileSync(
        file,
        encodeText(formatNarInfo(signNarInfo(signNarInfo({ ...info, system: "odd system" }, other), key))),
      );
    }
    const taker = nixIn(elsewhere.path);
    const copy = (...which: StorePath[]) =>
      taker.run("nix", [
        ...[
          "copy",
          "--from",
          `file://${cache}`,
          "--option",
          "trusted-public-keys",
          formatPublicKey(key.publicKey),
        ],
        ...which,
      ]);
    copy(...paths.slice(0, -1));
    taker.run("nix-store", ["--verify", "--check-contents"]);
    assert.deepEqual(
      sortStorePaths(
        taker
          .run("nix-store", ["--query", "--requisites", ...paths.slice(0, -1)])
          .toString()
          .trim()
          .split("\n")
          .map(parseStorePath),
      ),
      sortStorePaths(paths.slice(0, -1)),
    );

    const last = paths.at(-1) ?? parseStorePath("");
    const file = join(cache, `${hashPart(last)}.narinfo`);
    const info = parseNarInfo(decodeText(readFileSync(file)));
    const forged = { ...info, narSize: info.narSize + 8 };
    assert.deepEqual(verifyNarInfo(forged, [key.publicKey]), []);
    writeFileSync(file, formatNarInfo(forged));
    // Another folder for what Nix remembers of caches.
    taker.env["XDG_CACHE_HOME"] = join(elsewhere.path, "fresh");
    assert.throws(() => copy(last), /lacks a valid signature|lacks a signature by a trusted key/);
  },
);

test("Nix law: what is read in a narinfo, real Nix reads as the same", needsNix, () => {
  using temp = temporaryFolder();
  const cache = join(temp.path, "cache");
  mkdirSync(cache);
  writeFileSync(join(cache, "nix-cache-info"), "StoreDir: /nix/store\n");
  const hash = hashBytes("sha256", "NAR");
  const line = fc.oneof(
    fc.constantFrom(
      ...["Compression: none", "Compression: ", "FileSize: 7", "Deriver: unknown-deriver", "System: a b"],
      ...["Other: x", "Other: y", "Sig: b:x", "Sig: a:x", "References: ", "CA: "],
      `CA: ${formatContentAddress({ method: "text", hash })}`,
    ),
    fc
      .constantFrom("base16", "base64", "sri", "nix32")
      .map((form) => `FileHash: ${formatNamedHash(hash, form)}`),
    fc
      .constantFrom("md5", "sha1", "sha512")
      .map((each) => `CA: fixed:r:${formatNamedHash(hashBytes(each, ""), "nix32")}`),
    fc
      .array(fc.constantFrom(baseName(somewhere(1)), baseName(somewhere(2)), ""))
      .map((all) => `References: ${all.join(" ")}`),
    fc
      .tuple(fc.nat(400), fc.string({ unit: fc.constantFrom(..."a/ :-\n"), maxLength: 2 }))
      .map(([at, put]) => ({ at, put })),
  );
  const texts = fc.sample(fc.array(line, { minLength: 1, maxLength: 4 }), 300).map((lines, index) => {
    let text = sample.replace(/StorePath: .*/, `StorePath: ${somewhere(index)}`);
    for (const each of lines) {
      if (typeof each !== "string") text = text.slice(0, each.at) + each.put + text.slice(each.at);
      else {
        // In place of the field that is there, and for some texts beside it.
        const field = each.slice(0, each.indexOf(":"));
        const rest = text.split("\n").filter((other) => index % 3 === 0 || !other.startsWith(`${field}:`));
        text = [each, ...rest].join("\n");
      }
    }
    return text;
  });
  const read = texts.flatMap((text, index) => {
    try {
      const info = parseNarInfo(text);
      if (info.path !== somewhere(index)) return [];
      writeFileSync(join(cache, `${hashPart(info.path)}.narinfo`), text);
      return [info];
    } catch (error) {
      assert.ok(error instanceof CleaveError && error.code === "narinfo-malformed", String(error));
      return [];
    }
  });
  assert.ok(read.length > 50);
  const theirs = JSON.parse(
    nixIn(temp.path)
      .run("nix", ["path-info", "--json", "--store", `file://${cache}`, ...read.map(({ path }) => path)])
      .toString(),
  ) as { path: string }[];
  const ours = read.map((info) => ({
    path: info.path,
    narHash: formatHash(info.narHash, "sri"),
    narSize: info.narSize,
    references: info.references,
    ...(info.contentAddress === undefined ? {} : { ca: formatContentAddress(info.contentAddress) }),
    ...(info.deriver === undefined ? {} : { deriver: info.deriver }),
    ...(info.signatures.length === 0 ? {} : { signatures: info.signatures }),
    url: info.url,
    ...(info.fileHash === undefined ? {} : { downloadHash: formatHash(info.fileHash, "sri") }),
    ...(info.fileSize === undefined ? {} : { downloadSize: info.fileSize }),
  }));
  const inOrder = (all: readonly { path: string }[]) => all.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  assert.deepEqual(inOrder(ours), inOrder(theirs));
});

function somewhere(index: number): StorePath {
  return parseStorePath(`/nix/store/${formatHash(hashBytes("sha1", `${index}`), "nix32")}-hello`);
}

const sample = `StorePath: /nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-hello-2.12.1
URL: nar/1nhgq6wcggx0plpy4991h3ginj6hipsdslv4fd4zml1n707j26yq.nar.xz
Compression: xz
FileHash: sha256:1nhgq6wcggx0plpy4991h3ginj6hipsdslv4fd4zml1n707j26yq
FileSize: 50088
NarHash: sha256:0yzhigwjl6bws649vcs2asa4lbs8hg93hyix187gc7s7a74w5h80
NarSize: 226488
References: 3n58xw4373jp0ljirf06d8077j15pc4j-glibc-2.37-8 s66mzxpvicwk07gjbjfw9izjfa797vsw-hello-2.12.1
Deriver: ib3sh3pcz10wsmavxvkdbayhqivbghlq-hello-2.12.1.drv
Sig: cache.nixos.org-1:8ijECciSFzWHwwGVOIVYdp2fOIOJAfmzGHPQVwpktfTQJF6kMPPDre7UtFw3o+VqenC5P8RikKOAAfN7CvPEAg==
`;

test("a narinfo of cache.nixos.org is read, written and verified", () => {
  const info = parseNarInfo(sample);
  assert.equal(formatNarInfo(info), sample);
  assert.deepEqual(
    [baseName(info.path), info.url.length, info.fileSize, info.narSize, info.references.length],
    ["s66mzxpvicwk07gjbjfw9izjfa797vsw-hello-2.12.1", 63, 50088, 226488, 2],
  );
  const theirKey = parsePublicKey("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=");
  assert.deepEqual(verifyNarInfo(info, [key.publicKey, theirKey]), [theirKey]);
  assert.equal(
    fingerprint(info),
    "1;/nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-hello-2.12.1;sha256:0yzhigwjl6bws649vcs2asa4lbs8hg93hyix187gc7s7a74w5h80;226488;" +
      "/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-glibc-2.37-8,/nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-hello-2.12.1",
  );
});

test("order, unknown fields and repetitions in sets do not matter", () => {
  const { signatures, ...rest } = parseNarInfo(sample);
  const lines = sample.trimEnd().split("\n");
  const twice = lines.map((line) => line.replace(/^References: (\S+) (\S+)$/, "References:  $2 $1 $2"));
  assert.deepEqual(
    parseNarInfo(
      [...twice, "Sig: a:b", "New: x", "New: y", "CA: ", ""].reverse().slice(1).join("\n").concat("\n"),
    ),
    { ...rest, signatures: ["a:b", ...signatures] },
  );
  assert.equal(parseNarInfo(sample.replace("Compression: xz\n", "")).compression, "bzip2");
  assert.equal(parseNarInfo(sample.replace(/Deriver: .*/, "Deriver: unknown-deriver")).deriver, undefined);
});

test("a malformed narinfo is refused with its line", () => {
  const refused = (text: string, expected: string) =>
    assert.throws(
      () => parseNarInfo(text),
      (error) => {
        assert.ok(error instanceof CleaveError);
        assert.equal(describeError(error), `${expected}  more: cleave explain narinfo-malformed\n`);
        return true;
      },
    );
  const code = "error[narinfo-malformed]:";
  refused("", `${code} StorePath is missing\n`);
  refused(sample.trimEnd(), `${code} the last line does not end\n  at 10\n`);
  refused(
    sample.replace("NarSize: ", "NarSize:"),
    `${code} the line NarSize:226488 is no field, colon, space and value\n  at 7\n`,
  );
  refused(
    sample.replace("FileHash:", "FileHash:a:"),
    `${code} the line "FileHash:a: sha256:1nhgq6wcggx0plpy4991h3ginj6hipsdslv4fd4zml1n707j26yq" is no field, colon, space and value\n  at 4\n`,
  );
  refused(`${sample}URL: x\n`, `${code} URL is there already, in line 2\n  at 11\n`);
  refused(sample.replace(/URL: .*/, "URL: "), `${code} URL is empty\n  at 2\n`);
  refused(sample.replace("NarSize: 226488", "NarSize: 0"), `${code} NarSize is empty\n  at 7\n`);
  refused(
    sample.replace("NarSize: 226488", "NarSize: 9007199254740992"),
    `${code} NarSize cannot be read\n  at 7\n  because[narinfo-malformed]: 9007199254740992 is no whole number up to 2^53 - 1\n`,
  );
  refused(
    sample.replace(/NarHash: .*/, "NarHash: md5:d41d8cd98f00b204e9800998ecf8427e"),
    `${code} NarHash cannot be read\n  at 6\n  because[narinfo-malformed]: it is one of md5, where sha256 is needed\n`,
  );
  refused(
    sample.replace("xvkdbayhqivbghlq-", "xvkdbayhqivbghle-"),
    `${code} Deriver cannot be read\n  at 9\n  because[store-path-malformed]: ib3sh3pcz10wsmavxvkdbayhqivbghle-hello-2.12.1.drv is no base name of a store path: it has e in its hash part, which is no digit of nix32\n`,
  );
  refused(
    `${sample}CA: fixed:x\n`,
    `${code} CA cannot be read\n  at 11\n  because[content-address-malformed]: the content address fixed:x has no algorithm and colon before its hash\n`,
  );
});

test("a value that would break the lines is not written", () => {
  const info = parseNarInfo(sample);
  for (const broken of [
    { url: "a\nSig: b" },
    { url: "" },
    { compression: "" },
    { system: "\n" },
    { signatures: ["\n"] },
  ])
    assert.throws(
      () => formatNarInfo({ ...info, ...broken }),
      (error) => error instanceof CleaveError && error.code === "narinfo-malformed",
    );
});

test("a mutated narinfo gives a coded error or a value that goes there and back", () => {
  const mutation = fc.record({
    at: fc.nat(sample.length),
    cut: fc.nat(12),
    put: fc.oneof(
      fc.constantFrom("\n", ": ", "Sig: x\n", "CA: text:", " ", "\udcff", "9".repeat(20)),
      fc.string({ maxLength: 4 }),
    ),
  });
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      let text = sample;
      for (const { at, cut, put } of mutations) text = text.slice(0, at) + put + text.slice(at + cut);
      let info: NarInfo;
      try {
        info = parseNarInfo(text);
      } catch (error) {
        assert.ok(error instanceof CleaveError && error.code === "narinfo-malformed", String(error));
        return;
      }
      assert.deepEqual(parseNarInfo(formatNarInfo(info)), info);
    }),
    { numRuns: 3000 },
  );
});

test("a content address goes there and back, and a bad one is refused with its mistake", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("text" as const, "flat" as const, "recursive" as const),
      fc.constantFrom(...hashAlgorithms),
      (method, algorithm) => {
        const address: ContentAddress = {
          method,
          hash: hashBytes(method === "text" ? "sha256" : algorithm, ""),
        };
        assert.deepEqual(
          formatContentAddress(parseContentAddress(formatContentAddress(address))),
          formatContentAddress(address),
        );
      },
    ),
  );
  for (const [text, message] of [
    ["", 'the content address "" starts with neither text: nor fixed:'],
    ["fixed:git:sha1:x", "the content address fixed:git:sha1:x has no hash that can be read"],
    [
      "text:md5:d41d8cd98f00b204e9800998ecf8427e",
      "the content address text:md5:d41d8cd98f00b204e9800998ecf8427e is of a text, which has sha256, not md5",
    ],
  ] as const)
    assert.throws(
      () => parseContentAddress(text),
      (error) =>
        error instanceof CleaveError &&
        error.code === "content-address-malformed" &&
        error.message === message,
    );
});
