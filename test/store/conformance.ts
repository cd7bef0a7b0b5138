/** What every variant of `Store` must do; each runs it with a store of its own. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  encodeNar,
  formatNamedHash,
  hashBytes,
  hashPart,
  makeContentAddressedPath,
  makeDerivation,
  makeGraph,
  makeHash,
  namePart,
  parseContentAddress,
  parseStorePath,
} from "../../src/nix/index.ts";
import type { NewNar, Store } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/temp.ts";

const nobody = parseStorePath("/nix/store/00000000000000000000000000000000-nobody");

/** Run the suite; `open` opens an empty store in a folder. */
export function conformance(variant: string, open: (folder: string) => Promise<Store>): void {
  const check = (what: string, body: (store: Store, folder: string) => Promise<void>) =>
    test(`${variant}: ${what}`, async () => {
      using temp = temporaryFolder();
      mkdirSync(join(temp.path, "work"));
      await using store = await open(join(temp.path, "store"));
      await body(store, join(temp.path, "work"));
    });

  check("a text gets the path of builtins.toFile, and its references", async (store) => {
    const hello = await store.addText({ name: "hello", content: "hello\n" });
    assert.equal(hello, "/nix/store/nmrmdcw1bfnl35a893n7nyhw4xa5vy08-hello");
    const other = await store.addText({ name: "b", content: `see ${hello}`, references: [hello] });
    assert.equal(other, "/nix/store/7z6jd871dfinzd29csisiiqllwdlkdzh-b");
    assert.deepEqual((await store.info(other))?.references, [hello]);
    assert.equal((await store.info(other))?.narSize, 168);
    assert.deepEqual(await store.referrers(hello), [other]);
    assert.deepEqual(await store.referrers(other), []);
    assert.deepEqual(await store.closure([other]), [hello, other]);
    assert.deepEqual(await store.closure([hello]), [hello]);
    assert.deepEqual(await store.closure([hello], "referrers"), [hello, other]);
    assert.deepEqual(await store.allPaths(), [other, hello]);
    assert.deepEqual(await store.validPaths([hello, nobody]), new Set([hello]));
    assert.equal(await store.pathFromHashPart(hashPart(other)), other);
    assert.equal(await store.pathFromHashPart(hashPart(nobody)), undefined);
    assert.equal(await store.pathFromHashPart("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"), undefined);
  });

  check("what is not valid is said so", async (store) => {
    assert.equal(await store.info(nobody), undefined);
    assert.deepEqual(await store.referrers(nobody), []);
    const invalid = { code: "store-invalid-path", message: `${nobody} is not valid in this store` };
    await assert.rejects(store.requireInfo(nobody), invalid);
    await assert.rejects(store.closure([nobody]), invalid);
    await assert.rejects(store.derivationOutputs(nobody), invalid);
    await assert.rejects(collect(store.nar(nobody)), invalid);
    await assert.rejects(store.addText({ name: "a", content: "", references: [nobody] }), {
      code: "store-invalid-path",
      message: /^\/nix\/store\/[^ ]*-a cannot be registered: it refers to .*-nobody, which is not valid$/,
    });
    assert.deepEqual(await store.allPaths(), []);
  });

  check("a tree gets the path of its content, and gives its NAR back", async (store, work) => {
    const tree = join(work, "tree");
    mkdirSync(join(tree, "sub"), { recursive: true });
    writeFileSync(join(tree, "file"), "data");
    writeFileSync(join(tree, "sub/program"), "#!/bin/sh\n");
    chmodSync(join(tree, "sub/program"), 0o700);
    symlinkSync("/nowhere", join(tree, "link"));
    writeFileSync(Buffer.concat([Buffer.from(`${tree}/`), Buffer.of(0xff, 0x20, 0x0a)]), "odd");
    const path = await store.addTree(tree, { name: "tree" });
    const info = await store.requireInfo(path);
    const nar = await collect(store.nar(path));
    assert.equal(nar.length, info.narSize);
    assert.deepEqual(createHash("sha256").update(nar).digest(), Buffer.from(info.narHash.digest));
    assert.equal(await store.addTree(tree, { name: "tree" }), path);
    assert.equal(await store.addContent([nar], { name: "tree" }), path);
    const renamed = await store.addContent(slices(nar, 7), { name: "renamed" });
    assert.notEqual(renamed, path);
    assert.deepEqual(await collect(store.nar(renamed)), nar);
    await assert.rejects(store.addContent([nar.subarray(0, 100)], { name: "short" }), {
      code: "nar-malformed",
    });
    await assert.rejects(store.addTree(join(work, "none"), { name: "none" }), { code: "file-failed" });
    await assert.rejects(store.addTree(tree, { name: "a/b" }), { code: "store-path-malformed" });
    await assert.rejects(store.addTree(tree, { name: "flat", method: "flat" }), { code: "file-failed" });
    assert.equal((await store.allPaths()).length, 2);
  });

  check("hashes other than the recursive sha256 give fixed outputs", async (store, work) => {
    const file = join(work, "f");
    writeFileSync(file, "hi\n");
    chmodSync(file, 0o755);
    assert.equal(
      await store.addTree(file, { name: "f", method: "flat", algorithm: "md5" }),
      "/nix/store/xbimgry92d3nikdz6pinaw4mxg8wh29p-f",
    );
    const flat = await store.addTree(file, { name: "f", method: "flat" });
    assert.equal((await store.requireInfo(flat)).contentAddress?.method, "flat");
    const sha1 = await store.addTree(file, { name: "f", algorithm: "sha1" });
    assert.equal((await store.requireInfo(sha1)).contentAddress?.hash.algorithm, "sha1");
  });

  check("a NAR becomes the path that was said only if it has the hash that was said", async (store) => {
    const nar = encoded("content");
    const info = narInfo(nar);
    await assert.rejects(store.addNar(info, [encoded("other")]), {
      code: "store-hash-mismatch",
      message: /^the NAR for \/nix\/store\/0{31}1-x has sha256:\w+ and 120 bytes, where sha256:\w+ and 120 b/,
    });
    assert.equal(await store.info(info.path), undefined);
    await store.addNar(info, [nar]);
    const { registered, ...rest } = await store.requireInfo(info.path);
    assert.ok(registered > 1_600_000_000);
    assert.deepEqual(rest, { ...info, ultimate: false, contentAddress: undefined });
    await store.addNar(info, [nar]);
  });

  check("a content address is checked against path and content", async (store) => {
    const nar = encoded("content");
    const { path: _, ...facts } = narInfo(nar);
    const add = async (name: string, contentAddress: string, references: NewNar["references"] = []) => {
      const address = parseContentAddress(contentAddress);
      const path = makeContentAddressedPath(name, address, { references });
      await store.addNar({ ...facts, path, references, contentAddress: address }, [nar]);
    };
    const flat = formatNamedHash(hashBytes("sha256", "content"), "nix32");
    await add("recursive", `fixed:r:${formatNamedHash(facts.narHash, "nix32")}`);
    await add("flat", `fixed:${flat}`);
    await add("text", `text:${flat}`);
    await assert.rejects(add("wrong", `fixed:r:${flat}`), {
      code: "store-hash-mismatch",
      message: /-wrong is not what its content address fixed:r:sha256:\w+ says: its content has sha256:\w+$/,
    });
    const address = parseContentAddress(`fixed:${flat}`);
    await assert.rejects(store.addNar({ ...narInfo(nar), contentAddress: address }, [nar]), {
      code: "store-hash-mismatch",
      message: /0001-x is not what its content address fixed:sha256:\w+ says: that is .*-x$/,
    });
    assert.equal((await store.allPaths()).length, 3);
  });

  check("a path may refer to itself", async (store) => {
    const nar = encoded("self");
    const info = narInfo(nar);
    await store.addNar({ ...info, references: [info.path] }, [nar]);
    assert.deepEqual(await store.closure([info.path]), [info.path]);
    assert.deepEqual(await store.referrers(info.path), [info.path]);
  });

  check("derivations are added in any order, with their outputs", async (store) => {
    const source = await store.addText({ name: "source", content: "text" });
    const graph = makeGraph();
    const spec = { platform: "x86_64-linux", builder: "/bin/sh" };
    const inner = makeDerivation({ ...spec, name: "inner", outputs: ["out", "dev"] }, graph);
    const floating = makeDerivation(
      {
        ...spec,
        name: "floating",
        addressing: { type: "floating", method: "recursive", algorithm: "sha256" },
      },
      graph,
    );
    const outer = makeDerivation(
      {
        ...spec,
        name: "outer",
        inputDrvs: new Map([[inner.path, { outputs: ["dev"] }]]),
        inputSrcs: [source],
      },
      graph,
    );
    const made = [outer, inner, floating];
    await assert.rejects(store.addDerivations([outer.derivation]), {
      code: "store-invalid-path",
      message: `${inner.path} is not valid in this store`,
    });
    assert.deepEqual(
      await store.addDerivations(made.map(({ derivation }) => derivation)),
      made.map(({ path }) => path),
    );
    assert.deepEqual(
      [...(await store.derivationOutputs(inner.path))].map(([name, path]) => [name, namePart(path)]),
      [
        ["dev", "inner-dev"],
        ["out", "inner"],
      ],
    );
    assert.deepEqual(await store.derivationOutputs(floating.path), new Map());
    const [out] = (await store.derivationOutputs(outer.path)).values();
    assert.deepEqual(await store.derivers(out ?? nobody), [outer.path]);
    assert.deepEqual(await store.derivers(nobody), []);
    assert.deepEqual(new Set(await store.closure([outer.path])), new Set([source, inner.path, outer.path]));
  });

  check("a derivation that lies is not valid", async (store) => {
    const { derivation } = makeDerivation(
      { name: "liar", platform: "x86_64-linux", builder: "/bin/sh" },
      makeGraph(),
    );
    const outputs = new Map([["out", { type: "input-addressed", path: nobody } as const]]);
    await assert.rejects(store.addDerivations([{ ...derivation, outputs }]), {
      code: "derivation-invalid",
      message: /^the derivation .*-liar\.drv says that its output out is .*-nobody, but it is .*-liar$/,
    });
    assert.deepEqual(await store.allPaths(), []);
  });

  check("ten thousand texts and questions", async (store) => {
    const texts = Array.from({ length: 10_000 }, (_, each) => ({ name: "many", content: `${each}` }));
    const paths = await store.addTexts(texts);
    assert.equal(new Set(paths).size, 10_000);
    assert.equal((await store.validPaths([...paths, nobody])).size, 10_000);
    assert.equal((await store.closure(paths)).length, 10_000);
  });
}

function encoded(text: string): Buffer {
  return Buffer.concat([...encodeNar({ type: "regular", executable: false, contents: Buffer.from(text) })]);
}

function narInfo(nar: Buffer): NewNar {
  return {
    path: parseStorePath("/nix/store/00000000000000000000000000000001-x"),
    narHash: makeHash("sha256", createHash("sha256").update(nar).digest()),
    narSize: nar.length,
    references: [],
    deriver: nobody,
    signatures: ["key:c2ln", "other:c2ln"],
  };
}

function slices(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
}

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
