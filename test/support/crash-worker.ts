/**
 * A process to be killed: once told to on standard input, it works in a store without end.
 *
 *     crash-worker ROOT (add | import | collect) SEED STREAM
 *
 * Prints each path when the store says that it is valid. STREAM is a file that `store export` wrote.
 */
import {
  chmodSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { makeDerivation, makeGraph, type StorePath } from "../../src/nix/index.ts";
import { openLocalStore } from "../../src/store/index.ts";

const [root = "", kind = "", seed = "", stream = ""] = process.argv.slice(2);
const work = mkdtempSync(join(root, "../work-"));
{
  // Everything is loaded, so that the kill comes while it works.
  await using store = await openLocalStore({ root });
  await store.addText({ name: "warm", content: seed });
}
writeSync(1, "ready\n");
process.stdin.once("data", () => {
  run().catch((error: unknown) => {
    writeSync(2, `${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  });
});

const valid = (...paths: readonly StorePath[]) => writeSync(1, paths.map((path) => `${path}\n`).join(""));

async function run(): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    await using store = await openLocalStore({ root });
    const name = `${seed}-${turn}`;
    switch (kind) {
      case "add": {
        const text = await store.addText({ name: "text", content: name });
        valid(text);
        const content = Array.from({ length: 20 }, (_, each) => `${name} ${each}`);
        valid(
          ...(await store.addTexts(
            content.map((each) => ({ name: "each", content: each, references: [text] })),
          )),
        );
        const tree = join(work, name);
        mkdirSync(join(tree, "sub"), { recursive: true });
        for (const each of content) writeFileSync(join(tree, "sub", each), "the same ".repeat(each.length));
        chmodSync(join(tree, "sub", `${name} 1`), 0o755);
        symlinkSync(name, join(tree, "link"));
        valid(await store.addTree(tree, { name: "tree" }));
        const graph = makeGraph();
        const made = makeDerivation(
          { name: seed, platform: name, builder: "/bin/sh", inputSrcs: [text] },
          graph,
        );
        valid(...(await store.addDerivations([made.derivation])));
        break;
      }
      case "import":
        for await (const path of store.importPaths(createReadStream(stream))) valid(path);
        break;
      case "collect":
        await store.collect();
        await store.optimise();
        break;
    }
  }
}
