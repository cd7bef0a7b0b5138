/**
 * Evaluating package sets, whole processes, beside Nix on the matching workload (`bench/modules/nix/`: 26 options, 4 modules,
 * 3 dependencies, one derivation a package).
 *
 * `NIXPKGS_LIB` names the folder `lib` of nixpkgs, as for `bench/modules.bench.ts`; without it our figures stand alone.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test/support/cleave.ts";
import { nixIn } from "../test/support/nix.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { makeSet, nameOf, writeRecipe } from "./recipes/make.ts";
import { install } from "./support/installed.ts";
import { type Figure, measure, round } from "./support/measure.ts";
import { type Budget, budgets, figures } from "./support/report.ts";

type Size = {
  readonly n: number;
  readonly runs: number;
  readonly cold: number;
  readonly one: number;
  readonly all: number;
  readonly edited: number;
};

const sizes: readonly Size[] = [
  { n: 1000, runs: 5, cold: 1000, one: 100, all: 150, edited: 250 },
  { n: 5000, runs: 3, cold: 4000, one: 120, all: 350, edited: 450 },
];

using temp = temporaryFolder();
const { cleave } = install(temp.path);
const rows: Budget[] = [];
const lib = process.env["NIXPKGS_LIB"];
const hasPeer =
  lib !== undefined && existsSync(join(lib, "modules.nix")) && spawnSync("nix", ["--version"]).status === 0;
if (!hasPeer) console.error("NO PEER: set NIXPKGS_LIB to the folder lib of nixpkgs, and install nix-bin.");

for (const size of sizes) await compare(size);
budgets(rows);

async function compare({ n, runs, ...limits }: Size): Promise<void> {
  const set = join(temp.path, `set-${n}`);
  const empty = join(temp.path, "empty");
  mkdirSync(empty, { recursive: true });
  makeSet(set, n);
  const env = (store: string): NodeJS.ProcessEnv => ({
    ...process.env,
    CLEAVE_ROOT: join(temp.path, store),
    NODE_COMPILE_CACHE: join(temp.path, "cache"),
  });
  const evaluate = (...more: readonly string[]): readonly [string, ...string[]] => [
    cleave,
    "eval-jobs",
    "--folder",
    set,
    ...more,
  ];
  const store = `store-${n}`;
  const modules = join(set, "lib/modules.ts");
  const text = readFileSync(modules, "utf8");
  let edits = 0;
  const nix = nixIn(temp.path);
  const results = await measure(
    {
      cold: {
        command: evaluate(),
        env: env("cold"),
        cwd: empty,
        prepare: () => rmSync(join(temp.path, "cold"), { recursive: true, force: true }),
      },
      ...(hasPeer
        ? {
            nix: {
              command: [
                "nix-instantiate",
                ...["--eval", "--strict", "--json", "--readonly-mode"],
                join(repository, "bench/modules/nix/eval-modules.nix"),
                ...["--arg", "libPath", lib ?? "", "--arg", "n", `${n}`],
                ...["--arg", "one", "false", "--arg", "values", "false"],
              ] as const,
              env: nix.env,
            },
          }
        : {}),
      "unchanged, all": { command: evaluate(), env: env(store), cwd: empty },
      "unchanged, one": { command: evaluate(nameOf(n >> 1)), env: env(store), cwd: empty },
      "a leaf edited, all": {
        command: evaluate(),
        env: env(store),
        cwd: empty,
        prepare: () => {
          edits += 1;
          writeRecipe(set, n - 1, `-g${edits}`);
        },
      },
      "a shared module edited without effect, all": {
        command: evaluate(),
        env: env(store),
        cwd: empty,
        prepare: () => {
          edits += 1;
          writeFileSync(modules, `${text}// ${edits}\n`);
        },
      },
    },
    { runs, warmup: 1 },
  );
  figures(
    "recipes",
    Object.values(results).map((figure) => ({ ...figure, n })),
  );
  const get = (name: string): Figure => {
    const found = results[name];
    if (found === undefined) throw new Error(`${name} was not measured`);
    return found;
  };
  const cold = get("cold");
  const limit = (name: string, most: number): void => {
    const { median } = get(name).wall_ms;
    rows.push({
      what: `${n} recipes: ${name}`,
      measured: `${round(median, 0)} ms`,
      budget: `${round(most, 0)} ms`,
      met: median <= most,
    });
  };
  limit("cold", limits.cold);
  limit("unchanged, one", limits.one);
  limit("unchanged, all", limits.all);
  limit("a leaf edited, all", limits.edited);
  limit("a shared module edited without effect, all", cold.wall_ms.median * 1.05);
  if (hasPeer && n === 1000) {
    const ratio = get("nix").wall_ms.median / cold.wall_ms.median;
    rows.push({
      what: "1000 recipes: cold",
      measured: `${round(ratio, 1)} times as fast as Nix`,
      budget: "2.5 times",
      met: ratio >= 2.5,
    });
  }
  if (n === 5000)
    rows.push({
      what: "5000 recipes: memory, cold",
      measured: `${round(cold.peak_mib, 0)} MiB`,
      budget: "400 MiB",
      met: cold.peak_mib <= 400,
    });
}
