/** Law 2 (Nix law), for store paths: every one is the one that Nix computes. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  computedPlaceholder,
  formatHash,
  hashAlgorithms,
  hashBytes,
  hashPart,
  makeFixedOutputPath,
  makeModuloHasher,
  makeOutputPath,
  makeReferenceScanner,
  makeTextPath,
  namePart,
  outputPlaceholder,
  parseStorePath,
  type StorePath,
  upstreamPlaceholder,
} from "../../src/nix/index.ts";
import { type Nix, needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";

const names = fc
  .string({ unit: fc.constantFrom(..."abcxyzABC019+-._?="), minLength: 1, maxLength: 30 })
  .filter((name) => !/^\.|\.drv$/.test(name));

const outputNames = fc.constantFrom("out", "dev", "lib", "doc", "bin", "a.b_c", "x+y");

/** Evaluate an expression to JSON in one process, with `input` as `builtins.fromJSON` of a file. */
function evaluate(nix: Nix, folder: string, input: unknown, body: string): unknown {
  writeFileSync(join(folder, "input.json"), JSON.stringify(input));
  const expression = `let input = builtins.fromJSON (builtins.readFile ./input.json); in ${body}`;
  return JSON.parse(
    nix
      .run("nix-instantiate", ["--eval", "--read-write-mode", "--strict", "--json", "--expr", expression])
      .toString(),
  );
}

test("Nix law: texts, with references", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const texts = fc.sample(
    fc.record({
      name: names,
      content: fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
    }),
    150,
  );
  // Each text refers to the two before it, named in reverse and twice.
  const theirs = evaluate(
    nix,
    temp.path,
    texts,
    `builtins.foldl' (done: { name, content }:
      let n = builtins.length done; two = if n < 2 then [] else [ (builtins.elemAt done (n - 1)) (builtins.elemAt done (n - 2)) ];
      in done ++ [ (builtins.toFile name (content + builtins.concatStringsSep " " (two ++ two))) ]) [] input`,
  );
  const ours: StorePath[] = [];
  for (const { name, content } of texts) {
    const two = ours.length < 2 ? [] : ours.slice(-2).reverse();
    ours.push(
      makeTextPath(name, hashBytes("sha256", content + [...two, ...two].join(" ")), [...two, ...two]),
    );
  }
  assert.deepEqual(ours, theirs);
});

test("Nix law: fixed outputs, flat and recursive, of every algorithm", needsNix, () => {
  using temp = temporaryFolder();
  const cases = fc.sample(
    fc.record({
      name: names,
      algorithm: fc.constantFrom(...hashAlgorithms),
      method: fc.constantFrom("flat" as const, "recursive" as const),
      content: fc.string(),
    }),
    300,
  );
  const hashed = cases.map((each) => ({ ...each, hash: hashBytes(each.algorithm, each.content) }));
  const theirs = evaluate(
    nixIn(temp.path),
    temp.path,
    hashed.map((each) => ({ ...each, hash: formatHash(each.hash, "base16") })),
    `map (i: (derivation { inherit (i) name; system = "s"; builder = "b"; outputHash = i.hash; outputHashAlgo = i.algorithm;
      outputHashMode = i.method; }).outPath) input`,
  );
  assert.deepEqual(
    hashed.map(({ name, method, hash }) => makeFixedOutputPath(name, method, hash)),
    theirs,
  );
});

test("Nix law: files that are added, as a tree and flat", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  mkdirSync(join(temp.path, "files"));
  const files = fc.sample(fc.tuple(names, fc.uint8Array()), 20).map(([name, bytes], index) => {
    writeFileSync(join(temp.path, "files", `${index}${name}`), bytes);
    return { name: `${index}${name}`, bytes };
  });
  const paths = files.map(({ name }) => join(temp.path, "files", name));
  for (const algorithm of hashAlgorithms)
    assert.deepEqual(
      nix
        .run("nix-store", ["--add-fixed", algorithm, ...paths])
        .toString()
        .trimEnd()
        .split("\n"),
      files.map(({ name, bytes }) => makeFixedOutputPath(name, "flat", hashBytes(algorithm, bytes))),
    );
  const nars = paths.map((path) => nix.run("nix-store", ["--dump", path]));
  assert.deepEqual(
    nix
      .run("nix-store", ["--add", ...paths])
      .toString()
      .trimEnd()
      .split("\n"),
    files.map(({ name }, index) =>
      makeFixedOutputPath(name, "recursive", hashBytes("sha256", nars[index] ?? new Uint8Array())),
    ),
  );
});

test("Nix law: input-addressed outputs", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const cases = fc.sample(
    fc.record({ name: names, outputs: fc.uniqueArray(outputNames, { minLength: 1 }) }),
    60,
  );
  const made = evaluate(
    nix,
    temp.path,
    cases,
    `map ({ name, outputs }: let d = derivation { inherit name outputs; system = "s"; builder = "b"; };
      in { drv = d.drvPath; paths = map (o: d.\${o}.outPath) outputs; }) input`,
  ) as { drv: string; paths: string[] }[];
  made.forEach(({ drv, paths }, index) => {
    const { name = "", outputs = [] } = cases[index] ?? {};
    // Without inputs, the hash modulo is that of the derivation with its own paths left out.
    let text = readFileSync(nix.root + drv, "latin1");
    for (const path of paths) text = text.replaceAll(path, "");
    const hash = hashBytes("sha256", text);
    assert.deepEqual(
      outputs.map((output) => makeOutputPath(name, output, hash)),
      paths,
    );
  });
});

test("Nix law: content with references to others and itself", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const written = fc.sample(fc.record({ name: names, self: fc.boolean(), others: fc.nat(3) }), 24);
  // A chain of input-addressed paths, made by hand and registered.
  const paths = written.map(({ name }, index) => {
    const part = formatHash(hashBytes("sha1", `${index}`), "nix32");
    return parseStorePath(`/nix/store/${part}-${name}`);
  });
  mkdirSync(join(nix.root, "nix/store"), { recursive: true });
  const registration = paths.map((path, index) => {
    const { self = false, others = 0 } = written[index] ?? {};
    const references = [...paths.slice(Math.max(0, index - others), index), ...(self ? [path, path] : [])];
    const content = `${index} ${references.join(" ")}`;
    writeFileSync(join(nix.root, path), content);
    const nar = narOfFile(content);
    const known = new Set(references);
    return [path, formatHash(hashBytes("sha256", nar), "base16"), nar.length, "", known.size, ...known].join(
      "\n",
    );
  });
  nix.run("nix-store", ["--load-db"], `${registration.join("\n")}\n`);
  const { rewrites } = JSON.parse(
    nix.run("nix", ["store", "make-content-addressed", "--json", ...paths]).toString(),
  ) as { rewrites: Record<string, string> };
  const ours: StorePath[] = [];
  paths.forEach((path, index) => {
    const { name = "", self = false, others = 0 } = written[index] ?? {};
    const references = ours.slice(Math.max(0, index - others), index);
    const content = `${index} ${[...references, ...(self ? [path, path] : [])].join(" ")}`;
    const hasher = makeModuloHasher("sha256", hashPart(path));
    hasher.update(narOfFile(content));
    const { hash, self: refersToItself } = hasher.finish();
    assert.equal(refersToItself, self);
    ours.push(makeFixedOutputPath(name, "recursive", hash, { references, self }));
  });
  assert.deepEqual(
    ours,
    paths.map((path) => rewrites[path]),
  );
});

test("Nix law: floating outputs that real Nix built, from their bytes alone", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const cases = fc.sample(fc.record({ name: names, own: fc.nat(3), before: fc.nat(2) }), 5);
  writeFileSync(join(temp.path, "input.json"), JSON.stringify(cases));
  const expression = `
    let
      input = builtins.fromJSON (builtins.readFile ./input.json);
      last = n: list: builtins.genList (i: builtins.elemAt list i) (if n < builtins.length list then n else builtins.length list);
      times = n: text: builtins.concatStringsSep " " (builtins.genList (_: text) n);
      make = done: { name, own, before }: derivation {
        inherit name;
        outputs = [ "dev" "out" ];
        system = builtins.currentSystem;
        builder = "/bin/sh";
        args = [ "-c" "echo $text $before \${times own "$dev"} > $dev; echo $dev \${times own "x$out"} > $out" ];
        text = builtins.toFile "text" "text";
        before = toString (last before done);
        __contentAddressed = true;
        outputHashMode = "recursive";
        outputHashAlgo = "sha256";
      };
    in builtins.foldl' (done: each: [ (make done each) ] ++ done) [ ] input`;
  const options = ["--option", "sandbox-paths", "/bin /usr /lib /lib64?"];
  nix.run("nix-build", ["--no-out-link", ...options, "--expr", expression]);
  const known = JSON.parse(nix.run("nix", ["path-info", "--all", "--json"]).toString()) as {
    path: string;
    ca: string | undefined;
    references: string[];
  }[];
  const built = known.filter(({ ca, path }) => ca?.startsWith("fixed:r:") && !path.endsWith(".drv"));
  assert.ok(built.length > 1);
  for (const { path: text, references } of built) {
    const path = parseStorePath(text);
    const nar = narOfFile(readFileSync(nix.root + path, "latin1"));
    const scanner = makeReferenceScanner(known.map((each) => hashPart(parseStorePath(each.path))));
    scanner.update(nar);
    const found = new Set(scanner.found());
    const all = references.map(parseStorePath);
    assert.deepEqual(found, new Set(all.map(hashPart)));
    const hasher = makeModuloHasher("sha256", hashPart(path));
    hasher.update(nar);
    const { hash, self } = hasher.finish();
    const others = all.filter((each) => each !== path);
    assert.equal(makeFixedOutputPath(namePart(path), "recursive", hash, { references: others, self }), path);
  }
});

/** The NAR of one regular file. */
function narOfFile(content: string): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  };
  return Buffer.concat(["nix-archive-1", "(", "type", "regular", "contents", content, ")"].map(text));
}

test("Nix law: placeholders of own outputs and of other derivations' outputs", needsNix, () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  const cases = fc.sample(fc.record({ name: names, output: outputNames }), 60);
  const made = evaluate(
    nix,
    temp.path,
    cases,
    `map ({ name, output }: let d = derivation { inherit name; outputs = [ output ]; system = "s"; builder = "b"; __contentAddressed = true;
      outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
      in { own = builtins.placeholder output; drv = d.drvPath; upstream = d.\${output}.outPath; }) input`,
  ) as { own: string; drv: string; upstream: string }[];
  assert.deepEqual(
    cases.map(({ output }, index) => ({
      own: outputPlaceholder(output),
      drv: made[index]?.drv,
      upstream: upstreamPlaceholder(parseStorePath(made[index]?.drv ?? ""), output),
    })),
    made,
  );
  assert.equal(outputPlaceholder("out"), "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9");
});

test("placeholders of dynamic derivations' outputs are as documented", () => {
  // The examples of the Nix project's own unit tests of downstream placeholders.
  const drv = parseStorePath("/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv");
  assert.equal(upstreamPlaceholder(drv, "out"), "/0c6rn30q4frawknapgwq386zq358m8r6msvywcvc89n6m5p2dgbz");
  const inner = upstreamPlaceholder(
    parseStorePath("/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv.drv"),
    "out",
  );
  assert.equal(computedPlaceholder(inner, "out"), "/0gn6agqxjyyalf0dpihgyf49xq5hqxgw100f0wydnj6yqrhqsb3w");
});

test("giving references to what cannot have them is a bug of the caller", () => {
  const drv = parseStorePath("/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv");
  const hash = hashBytes("sha1", "");
  assert.throws(
    () => makeFixedOutputPath("a", "flat", hash, { references: [drv] }),
    /cannot have references/,
  );
  assert.throws(() => makeFixedOutputPath("a", "recursive", hash, { self: true }), /cannot have references/);
  assert.throws(() => makeTextPath("a", hash), /needs sha256/);
  assert.throws(() => computedPlaceholder("/abc", "out"), /is no placeholder/);
});
