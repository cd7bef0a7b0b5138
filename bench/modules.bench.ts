/**
 * Evaluating packages beside Nix and nixpkgs' lib: the same modules on both sides, written once in
 * `bench/modules/packages.ts` and once in `bench/modules/nix/`.
 *
 * `NIXPKGS_LIB` names the folder `lib` of nixpkgs; without it the peer cannot run, and the bench says so and fails.
 * The figures of `bench/results.md` were taken with commit de42d44212d207476489bce163375d8306a26d59 of
 * https://github.com/nix-community/nixpkgs.lib, whose folder is `lib` too.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { nixIn } from "../test/support/nix.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Figure, measure, round } from "./support/measure.ts";
import { type Budget, budgets, figures } from "./support/report.ts";

type Size = { readonly n: number; readonly one: boolean; readonly runs: number; readonly faster: number };

const sizes: readonly Size[] = [
  { n: 1000, one: false, runs: 5, faster: 20 },
  { n: 5000, one: false, runs: 3, faster: 30 },
  { n: 1000, one: true, runs: 3, faster: 30 },
];

using temp = temporaryFolder();
const child = join(install(temp.path).script(join(import.meta.dirname, "modules")), "evaluate.ts");
const lib = process.env["NIXPKGS_LIB"];
const nix = nixIn(temp.path);
const rows: Budget[] = [];

if (
  lib === undefined ||
  !existsSync(join(lib, "modules.nix")) ||
  spawnSync("nix", ["--version"]).status !== 0
) {
  console.error(
    "NO PEER: set NIXPKGS_LIB to the folder lib of nixpkgs, and install nix-bin. Nothing is compared.",
  );
  process.exitCode = 1;
} else {
  checkValues(lib);
  for (const size of sizes) await compare(lib, size);
}
alone();
budgets(rows);

function ours(n: number, ...more: readonly string[]): readonly [string, ...string[]] {
  return [process.execPath, "--max-semi-space-size=8", child, `${n}`, ...more];
}

function theirs(lib: string, n: number, one: boolean, values: boolean): readonly [string, ...string[]] {
  const file = join(import.meta.dirname, "modules/nix/eval-modules.nix");
  return [
    "nix-instantiate",
    "--eval",
    "--strict",
    "--json",
    "--readonly-mode",
    file,
    "--arg",
    "libPath",
    lib,
    "--arg",
    "n",
    `${n}`,
    "--arg",
    "one",
    `${one}`,
    "--arg",
    "values",
    `${values}`,
  ];
}

/** Fail unless both sides give the same option values and derivations for 40 packages, in both forms. */
function checkValues(lib: string): void {
  for (const one of [false, true]) {
    const [program, ...args] = ours(40, "--values", ...(one ? ["--one"] : []));
    const mine: unknown = JSON.parse(execFileSync(program, args, { encoding: "utf8" }));
    const [nixProgram, ...nixArgs] = theirs(lib, 40, one, true);
    const text: unknown = JSON.parse(nix.run(nixProgram, nixArgs).toString());
    if (typeof text !== "string" || !isDeepStrictEqual(mine, JSON.parse(text)))
      throw new Error(`cleave and Nix give other values with one = ${one}`);
  }
  console.log("The option values and derivations of 40 packages are the same on both sides.\n");
}

async function compare(lib: string, { n, one, runs, faster }: Size): Promise<void> {
  const name = one ? `one evaluation with ${n} submodules` : `${n} packages, an evaluation each`;
  mkdirSync(join(temp.path, "work"), { recursive: true });
  const results = await measure(
    {
      // As the launcher starts cleave.
      cleave: {
        command: ours(n, ...(one ? ["--one"] : [])),
        env: { ...process.env, NODE_COMPILE_CACHE: join(temp.path, "cache") },
      },
      nix: { command: theirs(lib, n, one, false), env: nix.env },
    },
    { runs, warmup: 1 },
  );
  figures(
    "modules",
    Object.values(results).map((figure) => ({ ...figure, n, one })),
  );
  const { cleave, nix: peer } = results;
  if (cleave === undefined || peer === undefined) throw new Error("a case was not measured");
  const ratio = peer.wall_ms.median / cleave.wall_ms.median;
  rows.push({
    what: `${name}, whole process`,
    measured: `${round(ratio, 1)} times as fast as Nix`,
    budget: `${faster} times`,
    met: ratio >= faster,
  });
  if (n === 5000) memory(name, cleave, peer);
}

function memory(name: string, cleave: Figure, peer: Figure): void {
  const part = cleave.peak_mib / peer.peak_mib;
  rows.push({
    what: `${name}, peak memory`,
    measured: `${round(part, 2)} of Nix's ${peer.peak_mib} MiB`,
    budget: "0.33",
    met: part <= 1 / 3,
  });
}

/** What one package more costs in a process that has done thousands. */
function alone(): void {
  const [program, ...args] = ours(5000, "--further");
  const out = execFileSync(program, ["--expose-gc", ...args], { encoding: "utf8" });
  const { ms, bytes } = JSON.parse(out) as { ms: number; bytes: number };
  figures("modules", [{ case: "each further package", n: 5000, ms, bytes }]);
  rows.push(
    { what: "each further package, time", measured: `${round(ms, 3)} ms`, budget: "0.1 ms", met: ms <= 0.1 },
    {
      what: "each further package, memory retained",
      measured: `${round(bytes / 1000, 1)} KB`,
      budget: "12 KB",
      met: bytes <= 12000,
    },
  );
}
