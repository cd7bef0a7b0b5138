/** NARs of a large file and of a tree of many files, beside openssl and Nix; and how much memory they take. */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { nixIn } from "../test/support/nix.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Figure, measure, round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";
import { makeLargeTree, noise } from "./support/trees.ts";

const mebibyte = 2 ** 20;

using temp = temporaryFolder();
const path = (name: string) => join(temp.path, name);
const nix = nixIn(temp.path);
const env = {
  ...nix.env,
  // The user's cache is warm in all but the first run, and so is this.
  XDG_CACHE_HOME: path("cache"),
};

const block = noise(mebibyte, 0);
const file = openSync(path("file"), "wx");
for (let at = 0; at < 1024; at += 1) writeSync(file, block);
closeSync(file);

makeLargeTree(path("tree"));

mkdirSync(path("small"));
for (let at = 0; at < 20; at += 1) writeFileSync(path(`small/f${at}`), noise(4096, at));

const sparse = openSync(path("sparse"), "wx");
ftruncateSync(sparse, 4 * 2 ** 30);
closeSync(sparse);

const { cleave } = install(path("installed"));
const hash = (name: string) => ({ command: [cleave, "hash", "path", path(name)] as const, env });
const nixHash = (name: string) => ({ command: ["nix", "hash", "path", path(name)] as const, env });

const results: Record<string, Figure> = {
  ...(await measure(
    {
      "1 GiB file: cleave hash path": hash("file"),
      "1 GiB file: openssl dgst -sha256": { command: ["openssl", "dgst", "-sha256", path("file")], env },
      "1 GiB file: nix hash path": nixHash("file"),
    },
    { runs: 5 },
  )),
  ...(await measure(
    { "20,200 files: cleave hash path": hash("tree"), "20,200 files: nix hash path": nixHash("tree") },
    { runs: 15 },
  )),
  ...(await measure(
    { "20 files: cleave hash path": hash("small"), "20 files: nix hash path": nixHash("small") },
    { runs: 15 },
  )),
  ...(await measure({ "4 GiB sparse file: cleave hash path": hash("sparse") }, { runs: 1, warmup: 0 })),
};
figures("nar", Object.values(results));

const wall = (name: string) => results[name]?.wall_ms.median ?? Number.NaN;
const large = wall("1 GiB file: openssl dgst -sha256") / wall("1 GiB file: cleave hash path");
const tree = wall("20,200 files: nix hash path") / wall("20,200 files: cleave hash path");
const peak = results["4 GiB sparse file: cleave hash path"]?.peak_mib ?? Number.NaN;
budgets([
  {
    what: "NAR hash of one 1 GiB file, whole process",
    measured: `${round(large, 2)} of the throughput of openssl dgst -sha256`,
    budget: "0.9",
    met: large >= 0.9,
  },
  {
    what: "NAR hash of 20,200 files, 278 MiB, whole process",
    measured: `${round(tree, 2)} times as fast as nix hash path`,
    budget: "1.3",
    met: tree >= 1.3,
  },
  {
    what: "peak memory of the NAR hash of a 4 GiB file, whole process",
    measured: `${peak} MiB`,
    budget: "100 MiB",
    met: peak <= 100,
  },
]);
