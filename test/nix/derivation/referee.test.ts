/** Law 2, the Nix law, for derivations: real Nix instantiates random graphs, and cleave makes the same. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { decodeText, encodeText } from "../../../src/base/index.ts";
import {
  checkDerivation,
  type Derivation,
  derivationsFromJson,
  formatDerivation,
  formatDerivations,
  hashModulo,
  makeGraph,
  parseDerivation,
  type StorePath,
} from "../../../src/nix/index.ts";
import { graphs, makeNodes, toNix } from "../../support/derivation-graph.ts";
import { needsNix, nixIn } from "../../support/nix.ts";
import { temporaryFolder } from "../../support/temp.ts";

const experiments = ["--extra-experimental-features", "impure-derivations"];

for (const bytes of [false, true])
  test(
    `Nix law: Nix and cleave write the same derivations, ${bytes ? "of any bytes" : "of UTF-8"}`,
    needsNix,
    () => {
      using temp = temporaryFolder();
      const nix = nixIn(temp.path);
      const seed = Number(process.env["CLEAVE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
      const expression = join(temp.path, "graph.nix");
      for (const [round, nodes] of fc.sample(graphs(200, bytes), { seed, numRuns: 10 }).entries()) {
        const where = (what: string) => `${what} (CLEAVE_SEED=${seed}, graph ${round} of ${nodes.length})`;
        writeFileSync(expression, toNix(nodes));
        const flags = ["--eval", "--strict", "--json", "--read-write-mode", ...experiments];
        const theirs: string[][] = JSON.parse(nix.run("nix-instantiate", [...flags, expression]).toString());
        const graph = makeGraph();
        const ours = makeNodes(nodes, graph);

        const parsed = new Map<StorePath, Derivation>();
        for (const [index, { made, outputs }] of ours.entries()) {
          const file = readFileSync(join(nix.root, theirs[index]?.[0] ?? ""));
          assert.equal(made.text, decodeText(file), where(`node ${index}`));
          assert.ok(encodeText(made.text).equals(file), where(`bytes of node ${index}`));
          assert.deepEqual([made.path, ...outputs], theirs[index], where(`paths of node ${index}`));
          const read = parseDerivation(file, made.derivation.name);
          assert.equal(formatDerivation(read), made.text, where(`node ${index} read and written`));
          parsed.set(made.path, read);
        }
        // Read back, they are found right, and their modulos are those that were remembered when they were made.
        const again = makeGraph((path) => parsed.get(path) ?? assert.fail(`${path} is no part of the graph`));
        for (const [path, derivation] of parsed) {
          checkDerivation(path, derivation, again);
          assert.deepEqual(hashModulo(path, again), graph.modulos.get(path), where(path));
        }
        if (bytes) continue;
        const shown = nix.run("nix", ["show-derivation", ...experiments, "-r", ...parsed.keys()]).toString();
        assert.ok(formatDerivations(parsed, 1) === shown, where("nix show-derivation says otherwise"));
        for (const version of [1, 4] as const) {
          const back = derivationsFromJson(formatDerivations(parsed, version));
          assert.deepEqual(new Map(back.map(({ path, derivation }) => [path, derivation])), parsed);
        }
      }
    },
  );
