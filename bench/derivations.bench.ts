/** What it costs to make derivations in memory: hashes modulo, paths of outputs and of derivations. Nix does the same. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { nixIn } from "../test/support/nix.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Command, measure, round } from "./support/measure.ts";
import { type Budget, budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
const nix = nixIn(temp.path);
const here = (file: string) => join(import.meta.dirname, file);
const make = install(temp.path).script(here("derivations/make.ts"));

function cleave(count: number): Command {
  return {
    command: [process.execPath, make, `${count}`],
    env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: `${temp.path}/compile-cache` },
  };
}

function peer(count: number): Command {
  const flags = ["--eval", "--strict", "--json", "--readonly-mode"];
  return {
    command: ["nix-instantiate", ...flags, here("peer/derivations.nix"), "--arg", "count", `${count}`],
    env: nix.env,
  };
}

const rows: Budget[] = [];
for (const [count, runs] of [
  [10_000, 11],
  [100_000, 3],
] as const) {
  const [ours, theirs] = [cleave(count), peer(count)].map(output);
  if (ours !== theirs) throw new Error(`cleave and Nix compute other paths for ${count} derivations`);
  const results = await measure({ cleave: cleave(count), nix: peer(count) }, { runs });
  figures(
    "derivations",
    Object.values(results).map((figure) => ({ ...figure, n: count })),
  );
  const times = (results["nix"]?.wall_ms.median ?? NaN) / (results["cleave"]?.wall_ms.median ?? NaN);
  rows.push({
    what: `${count} derivations made, hashed and pathed in memory, whole process`,
    measured: `${round(times, 2)} times nix-instantiate --eval --readonly-mode`,
    budget: "2",
    met: times >= 2,
  });
}
budgets(rows);

function output({ command: [program, ...args], env }: Command): string {
  return execFileSync(program, args, { env, encoding: "utf8", maxBuffer: 2 ** 28 }).trim();
}
