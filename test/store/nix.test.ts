/** Nix law: real Nix takes a store that cleave wrote for its own, and the other way round. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { namePart, parseDerivation, parseStorePath, type StorePath } from "../../src/nix/index.ts";
import { canonicalise } from "../../src/store/canonical.ts";
import { type LocalStore, openLocalStore } from "../../src/store/index.ts";
import { isDeepElsewhere, needsNix, nixIn } from "../support/nix.ts";
import { temporaryFolder } from "../support/temp.ts";
import { narTrees, writeTree } from "../support/trees.ts";

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Say how everything in a store lies on the disk. */
function listing(folder: string, name: Buffer = Buffer.from("")): string[] {
  const path = Buffer.concat([Buffer.from(folder), name]);
  const stats = lstatSync(path);
  const mode = stats.isSymbolicLink() ? "" : (stats.mode & 0o7777).toString(8);
  const line = `${name.toString("latin1")} ${stats.isDirectory() ? "" : stats.size} ${mode} ${stats.mtimeMs} ${stats.uid}`;
  if (!stats.isDirectory()) return [line];
  const names = readdirSync(path, { encoding: "buffer" }).sort(Buffer.compare);
  return [line, ...names.flatMap((each) => listing(folder, Buffer.concat([name, Buffer.from("/"), each])))];
}

/** A chain and a fan of texts: each refers to some before it. */
const graphs = fc
  .array(fc.array(fc.nat(19), { maxLength: 4 }), { minLength: 1, maxLength: 20 })
  .map((lists) => lists.map((list, at) => list.filter((each) => each < at)));

async function addGraph(store: LocalStore, graph: readonly (readonly number[])[]): Promise<StorePath[]> {
  const paths: StorePath[] = [];
  for (const [at, list] of graph.entries()) {
    const references = list.flatMap((each) => paths[each] ?? []);
    paths.push(await store.addText({ name: `n${at}`, content: references.join("\n"), references }));
  }
  return paths;
}

test("Nix law: a new store has the files, tables and settings of real Nix's", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(join(temp.path));
  nix.run("nix-store", ["--gc"]);
  const own = join(temp.path, "own");
  await using store = await openLocalStore({ root: own });
  await store.collect();
  await store.addTemporaryRoots([]);
  const files = (root: string) =>
    execFileSync("find", [root, "-printf", "%m %y %P %l\n"], { encoding: "utf8" })
      .replaceAll(root, "ROOT")
      .split("\n")
      .filter((line) => !/per-user\/|db\.sqlite-|gc-socket\/|db\/reserved/.test(line))
      .sort();
  assert.deepEqual(files(own), files(nix.root));
  const schema = (root: string) =>
    execFileSync(
      "sqlite3",
      [join(root, "nix/var/nix/db/db.sqlite"), ".schema", "pragma journal_mode", "pragma page_size"],
      { encoding: "utf8" },
    )
      .replaceAll(/ *--.*/g, "")
      .replaceAll(/\s+/g, " ");
  assert.equal(schema(own), schema(nix.root));
});

test(
  "Nix law: trees that both add have the same path, hash, size and form on the disk",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    const root = join(temp.path, "own");
    const sources: string[] = [];
    const paths: StorePath[] = [];
    {
      await using store = await openLocalStore({ root });
      await fc.assert(
        fc.asyncProperty(narTrees, async (tree) => {
          const source = join(temp.path, `tree${sources.length}`);
          sources.push(source);
          writeTree(source, tree);
          paths.push(await store.addTree(source, { name: `tree${sources.length - 1}` }));
        }),
        { numRuns: 60 },
      );
    }
    const real = nix
      .run("nix-store", ["--add", ...sources])
      .toString()
      .trim()
      .split("\n");
    assert.deepEqual(real, paths);
    for (const path of paths) assert.deepEqual(listing(join(root, path)), listing(join(nix.root, path)));
    const facts = (store: string) =>
      JSON.parse(
        nix.run("nix", ["path-info", "--store", `local?root=${store}`, "--all", "--json"]).toString(),
      ).map(({ registrationTime, ...rest }: Record<string, unknown>) => rest);
    assert.deepEqual(facts(root), facts(nix.root));
    verifyWithNix(nix.env, root);
  },
);

test("Nix law: derivations and texts are registered as real Nix does", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  writeFileSync(
    join(temp.path, "graph.nix"),
    `let d = name: inputs: derivation { inherit name inputs; system = "x86_64-linux"; builder = "/bin/sh";
         outputs = [ "out" "dev" ]; file = builtins.toFile "f" "x"; };
         f = derivation { name = "f"; system = "x"; builder = "b"; outputHash = builtins.hashString "sha256" ""; outputHashAlgo = "sha256"; };
         c = derivation { name = "c"; system = "x"; builder = "b"; __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; };
     in d "a" [ (d "b" [ f c ]) (d "b2" [ (d "b" [ f ]).dev ]) ]`,
  );
  const drv = parseStorePath(
    nix
      .run("nix-instantiate", [join(temp.path, "graph.nix")])
      .toString()
      .trim(),
  );
  const root = join(temp.path, "own");
  {
    await using real = await openLocalStore({ root: nix.root });
    await using store = await openLocalStore({ root });
    const closure = await real.closure([drv]);
    await store.addText({ name: "f", content: "x" });
    await store.addDerivations(
      closure
        .filter((path) => path.endsWith(".drv"))
        .map((path) => parseDerivation(readFileSync(real.realPath(path)), namePart(path).slice(0, -4))),
    );
    assert.deepEqual(await store.allPaths(), await real.allPaths());
  }
  const dump = (folder: string) =>
    execFileSync(
      "sqlite3",
      [
        join(folder, "nix/var/nix/db/db.sqlite"),
        "select path, hash, deriver, narSize, ultimate, sigs, ca from ValidPaths order by path",
        "select a.path, b.path from Refs join ValidPaths a on a.id = referrer join ValidPaths b on b.id = reference order by 1, 2",
        "select v.path, d.id, d.path from DerivationOutputs d join ValidPaths v on v.id = d.drv order by 1, 2",
      ],
      { encoding: "utf8" },
    );
  assert.equal(dump(root), dump(nix.root));
  verifyWithNix(nix.env, root);
});

test("Nix law: closures go from store to store, by streams and by nix copy", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  nix.run("nix-store", ["--init"]);
  await fc.assert(
    fc.asyncProperty(graphs, async (graph) => {
      using inner = temporaryFolder();
      const root = join(inner.path, "a");
      let paths: StorePath[];
      let stream: Buffer;
      {
        await using store = await openLocalStore({ root });
        paths = await addGraph(store, graph);
        stream = await collect(store.exportPaths(paths));
      }
      const on = (folder: string, program: string, args: string[], input?: Buffer) =>
        execFileSync(program, args, {
          env: { ...nix.env, NIX_REMOTE: `local?root=${folder}` },
          maxBuffer: 2 ** 28,
          stdio: ["pipe", "pipe", "pipe"],
          ...(input === undefined ? {} : { input }),
        });
      assert.deepEqual(on(root, "nix-store", ["--export", ...paths]), stream);
      const second = join(inner.path, "b");
      assert.deepEqual(
        new Set(on(second, "nix-store", ["--import"], stream).toString().trim().split("\n")),
        new Set(paths),
      );
      const last = paths.at(-1);
      assert.ok(last);
      // And back.
      const third = join(inner.path, "c");
      {
        await using store = await openLocalStore({ root: third });
        const got: StorePath[] = [];
        const closure = on(second, "nix-store", ["--query", "--requisites", last]).toString().trim();
        for await (const path of store.importPaths([
          on(second, "nix-store", ["--export", ...closure.split("\n")]),
        ]))
          got.push(path);
        assert.equal(got.join("\n"), closure);
        assert.equal((await store.closure([last])).join("\n"), closure);
      }
      // nix copy writes into cleave's store, and reads from it.
      const fourth = join(inner.path, "d");
      const copy = (from: string, to: string) =>
        on(from, "nix", [
          "copy",
          "--no-check-sigs",
          "--from",
          `local?root=${from}`,
          "--to",
          `local?root=${to}`,
          ...paths,
        ]);
      {
        await using store = await openLocalStore({ root: fourth });
        copy(root, fourth);
        assert.deepEqual(await store.validPaths(paths), new Set(paths));
        await store.addText({ name: "more", content: "cleave goes on" });
      }
      copy(fourth, third);
      for (const folder of [root, second, third, fourth]) verifyWithNix(nix.env, folder);
    }),
    { numRuns: 6 },
  );
});

test("Nix law: what is live and dead is what real Nix says, roots of every kind", needsNix, async () => {
  using temp = temporaryFolder();
  const nix = nixIn(temp.path);
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.array(fc.tuple(fc.nat(19), fc.constantFrom("direct", "indirect", "nested", "file", "below")), {
        maxLength: 5,
      }),
      async (graph, wanted) => {
        using inner = temporaryFolder();
        const root = join(inner.path, "store");
        const env = { ...nix.env, NIX_REMOTE: `local?root=${root}` };
        const run = (...args: string[]) => {
          for (;;) {
            const { stdout, stderr, status } = spawnSync("nix-store", args, { env, encoding: "utf8" });
            if (isDeepElsewhere(stderr)) continue;
            assert.equal(status, 0, stderr);
            return stdout.split("\n").slice(0, -1);
          }
        };
        {
          await using store = await openLocalStore({ root });
          const paths = await addGraph(store, graph);
          const roots = join(root, "nix/var/nix/gcroots");
          for (const [index, [at, kind]] of wanted.entries()) {
            const path = paths[at % paths.length];
            assert.ok(path);
            if (kind === "direct") symlinkSync(path, join(roots, `r${index}`));
            if (kind === "below") symlinkSync(`${path}/sub/file`, join(roots, `r${index}`));
            if (kind === "indirect") await store.addRoot(join(inner.path, `link${index}`), path);
            if (kind === "file") writeFileSync(join(roots, path.slice(11)), "");
            if (kind === "nested") {
              mkdirSync(join(roots, `folder${index}`));
              symlinkSync(path, join(roots, `folder${index}/r`));
            }
          }
          symlinkSync(join(inner.path, "gone"), join(roots, "auto-gone"));
        }
        await using store = await openLocalStore({ root });
        const own = async (action: "list-live" | "list-dead") => (await store.collect({ action })).paths;
        // Folders that other tests' processes have open are none of this store's.
        const links = [...(await store.findRoots())].flatMap(([path, names]) =>
          [...names].map((name) => `${name} -> ${path}`),
        );
        assert.deepEqual(links.sort(), run("--gc", "--print-roots").sort());
        assert.deepEqual(await own("list-live"), run("--gc", "--print-live"));
        const dead = await own("list-dead");
        assert.deepEqual(dead, run("--gc", "--print-dead"));
        const { paths } = await store.collect();
        assert.deepEqual(paths, dead);
        assert.deepEqual(run("--gc", "--print-dead"), []);
        verifyWithNix(nix.env, root);
      },
    ),
    { numRuns: 6 },
  );
});

test(
  "Nix law: each verifies, mends and optimises what the other left, with the same words",
  needsNix,
  async () => {
    using temp = temporaryFolder();
    const nix = nixIn(temp.path);
    const write = (name: string, content: string) => {
      writeFileSync(join(temp.path, name), content);
      return join(temp.path, name);
    };
    const twins = join(temp.path, "twins");
    mkdirSync(twins);
    for (const name of ["a", "b", "c"]) writeFileSync(join(twins, name), "the same");
    chmodSync(join(twins, "c"), 0o755);
    const damage = async (root: string) => {
      await using store = await openLocalStore({ root });
      const good = await store.addTree(twins, { name: "twins" });
      const bad = await store.addTree(write("bad", "bad"), { name: "bad" });
      const gone = await store.addText({ name: "gone", content: "gone" });
      const needed = await store.addText({ name: "needed", content: "" });
      await store.addText({ name: "needs", content: needed, references: [needed] });
      chmodSync(store.realPath(bad), 0o644);
      writeFileSync(store.realPath(bad), "worse");
      for (const path of [gone, needed]) execFileSync("rm", [store.realPath(path)]);
      writeFileSync(
        join(root, "nix/store/.links/0000000000000000000000000000000000000000000000000000"),
        "damaged",
      );
      return { good, needed };
    };
    const own = join(temp.path, "own");
    const { good, needed } = await damage(own);
    await damage(nix.root);
    const notes: string[] = [];
    await using store = await openLocalStore({
      root: own,
      emit: (event) => {
        if (event.type === "note") notes.push(event.message);
      },
    });
    for (const repair of [false, true]) {
      notes.length = 0;
      const faults = await store.verify({ checkContents: true, repair });
      const real = spawnSync("nix-store", ["--verify", "--check-contents", ...(repair ? ["--repair"] : [])], {
        env: nix.env,
        encoding: "utf8",
      });
      assert.equal(real.status, 1);
      const theirs = real.stderr
        .replaceAll(nix.root, own)
        .split("\n")
        // Real Nix would build or fetch them again, and has nowhere to get them from.
        .filter(
          (line) => line !== "" && !/^warning: |cannot repair|substitut|^error: |don't know how/.test(line),
        );
      assert.deepEqual(notes, theirs);
      assert.equal(faults.length, repair ? 2 : 3);
    }
    const { filesLinked, bytesFreed } = await store.optimise();
    // Real Nix stops at what is not there.
    writeFileSync(join(nix.root, needed), "");
    const optimised = spawnSync("nix-store", ["--optimise"], { env: nix.env, encoding: "utf8" });
    assert.deepEqual([filesLinked, bytesFreed], [1, 8]);
    assert.match(optimised.stderr, /freed by hard-linking 1 files/);
    assert.deepEqual(
      readdirSync(join(own, "nix/store/.links")).sort(),
      readdirSync(join(nix.root, "nix/store/.links")).sort(),
    );
    assert.deepEqual(listing(store.realPath(good)), listing(join(nix.root, good)));
    assert.equal(lstatSync(`${store.realPath(good)}/a`).nlink, 3);
  },
);

test("what a build leaves is brought into the form that real Nix gives it", async () => {
  using temp = temporaryFolder();
  const tree = join(temp.path, "tree");
  mkdirSync(join(tree, "sub"), { recursive: true });
  writeFileSync(join(tree, "sub/a"), "a", { mode: 0o4755 });
  writeFileSync(join(tree, "b"), "b", { mode: 0o070 });
  symlinkSync("nowhere", join(tree, "link"));
  execFileSync("python3", [
    "-c",
    `import os; os.setxattr(${JSON.stringify(join(tree, "b"))}, "user.note", b"x")`,
  ]);
  canonicalise(tree);
  const form = listing(tree).map((line) => line.replace(/ \d+$/, ""));
  assert.deepEqual(form, [
    "  555 1000",
    "/b 1 444 1000",
    "/link 7  1000",
    "/sub  555 1000",
    "/sub/a 1 555 1000",
  ]);
  assert.equal(
    execFileSync("python3", ["-c", `import os; print(os.listxattr(${JSON.stringify(join(tree, "b"))}))`], {
      encoding: "utf8",
    }),
    "[]\n",
  );
  spawnSync("mkfifo", [join(temp.path, "pipe")]);
  assert.throws(() => canonicalise(join(temp.path, "pipe")), {
    code: "nar-unsupported-file",
    location: { file: join(temp.path, "pipe") },
  });
});

function verifyWithNix(env: Record<string, string>, root: string): void {
  const { status, stderr } = spawnSync("nix-store", ["--verify", "--check-contents"], {
    env: { ...env, NIX_REMOTE: `local?root=${root}` },
    encoding: "utf8",
  });
  assert.deepEqual(
    [status, stderr],
    [
      0,
      "reading the Nix store...\nchecking path existence...\nchecking link hashes...\nchecking store hashes...\n",
    ],
  );
}
