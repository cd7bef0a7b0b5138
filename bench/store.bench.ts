/** The local store beside real Nix: adding, collecting, verifying; and how much memory a large file takes. */
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { openLocalStore } from "../src/store/index.ts";
import { nixIn } from "../test/support/nix.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Command, type Figure, measure, round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";
import { makeLargeTree } from "./support/trees.ts";

using temp = temporaryFolder();
const path = (name: string) => join(temp.path, name);
const nix = nixIn(temp.path);
const { cleave } = install(path("installed"));
const own = path("own");
const env = { ...nix.env, XDG_CACHE_HOME: path("cache"), CLEAVE_ROOT: own };

/** Delete a store, and put a copy of another there. */
function put(root: string, from?: string): void {
  execFileSync("rm", ["-rf", root]);
  if (from !== undefined) execFileSync("cp", ["-a", from, root]);
}
const pair = (what: string, ours: readonly string[], theirs: readonly string[], from?: string | null) => {
  const command = (root: string, program: string, args: readonly string[]): Command => ({
    command: [program, ...args],
    env,
    ...(from === null ? {} : { prepare: () => put(root, from) }),
  });
  return {
    [`${what}: cleave`]: command(own, cleave, ours),
    [`${what}: nix-store`]: command(nix.root, "nix-store", theirs),
  };
};

const tree = path("tree");
makeLargeTree(tree);
const many = path("many");
{
  await using store = await openLocalStore({ root: many });
  await store.addTexts(Array.from({ length: 10_000 }, (_, at) => ({ name: "text", content: `${at}` })));
}
const adding = ["store", "add", tree];
const verifying = ["--verify", "--check-contents"];

const results: Record<string, Figure> = {
  ...(await measure(pair("20,200 files, new", adding, ["--add", tree]), { runs: 7 })),
  ...(await measure(pair("20,200 files, again", adding, ["--add", tree], null), { runs: 7 })),
  ...(await measure(pair("20,200 files, verify", ["store", "verify", "--check-contents"], verifying, null), {
    runs: 7,
  })),
  ...(await measure(pair("10,000 dead paths", ["store", "gc"], ["--gc"], many), { runs: 5 })),
  ...(await measure(pair("10,000 paths, verify", ["store", "verify", "--check-contents"], verifying, many), {
    runs: 5,
  })),
};
const sparse = openSync(path("sparse"), "wx");
ftruncateSync(sparse, 4 * 2 ** 30);
closeSync(sparse);
Object.assign(
  results,
  await measure(
    { "4 GiB file: cleave": { command: [cleave, "store", "add", path("sparse")], env } },
    { runs: 1, warmup: 0 },
  ),
);
figures("store", Object.values(results));

const ratio = (what: string) =>
  (results[`${what}: cleave`]?.wall_ms.median ?? Number.NaN) /
  (results[`${what}: nix-store`]?.wall_ms.median ?? Number.NaN);
const budget = (what: string, command: string, most: number) => ({
  what: `${what}, whole process`,
  measured: `${round(ratio(what), 2)} of \`${command}\``,
  budget: `${most}`,
  met: ratio(what) <= most,
});
const peak = results["4 GiB file: cleave"]?.peak_mib ?? Number.NaN;
budgets([
  budget("20,200 files, new", "nix-store --add", 0.8),
  budget("20,200 files, again", "nix-store --add", 0.3),
  budget("10,000 dead paths", "nix-store --gc", 0.5),
  budget("20,200 files, verify", "nix-store --verify --check-contents", 1),
  budget("10,000 paths, verify", "nix-store --verify --check-contents", 1),
  {
    what: "memory for adding a file of 4 GiB",
    measured: `${peak} MiB`,
    budget: "150 MiB",
    met: peak <= 150,
  },
]);
