/**
 * What a build costs besides its builder: trivial derivations, sandboxed, each system in a store of its own on the
 * same file system, with the same `.drv` files, in turn.
 */
import { buildRig } from "../test/support/realise.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { type Figure, measure, round } from "./support/measure.ts";
import { type Budget, budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
const { cleave } = install(temp.path);
const runs = 3;

type Shape = {
  /** How many derivations it has. */
  readonly count: number;
  /** One derivation over all others, of a kind, for each run. */
  readonly expression: string;
  /** The share of Nix's time that each may take. */
  readonly budget?: number;
};

const files = `all = builtins.genList (i: builtins.toFile "f\${toString i}" "x") 100;`;
const shapes: Readonly<Record<string, Shape>> = {
  "chain of 200": {
    count: 200,
    budget: 0.8,
    expression: `builtins.foldl' (below: i: sh "echo > $out" { name = "p\${toString i}"; inherit below salt; }) "start"
      (builtins.genList (i: i) 200)`,
  },
  "chain of 100, each with all below in its closure": {
    count: 100,
    expression: `builtins.foldl' (below: i: sh "echo \${below} > $out" { name = "p\${toString i}"; inherit salt; }) "start"
      (builtins.genList (i: i) 100)`,
  },
  "200 independent": {
    count: 201,
    budget: 0.5,
    expression: `sh "echo > $out" { name = "top"; inherit salt;
      all = builtins.genList (i: sh "echo > $out" { name = "p\${toString i}"; inherit salt; }) 200; }`,
  },
  "chain of 30, each with 100 inputs": {
    count: 30,
    budget: 0.9,
    expression: `builtins.foldl' (below: i: sh "echo > $out" { name = "p\${toString i}"; inherit below salt; ${files} }) "start"
      (builtins.genList (i: i) 30)`,
  },
  "one, with 100 inputs": {
    count: 1,
    expression: `sh "echo > $out" { name = "top"; inherit salt; ${files} }`,
  },
};

const all: Budget[] = [];
for (const [shape, { count, expression, budget }] of Object.entries(shapes)) {
  using ours = temporaryFolder();
  using theirs = temporaryFolder();
  const rigs = { cleave: buildRig(ours.path), nix: buildRig(theirs.path) };
  const each = `map (salt: ${expression}) (builtins.genList toString ${runs + 1})`;
  const derivations = rigs.cleave.instantiate(each);
  rigs.nix.instantiate(each);
  const results = await measure(
    {
      cleave: {
        command: [cleave, "realise", "--jobs", "2"],
        more: (run) => [derivations[run] ?? ""],
        env: { PATH: process.env["PATH"], HOME: ours.path, CLEAVE_ROOT: rigs.cleave.root },
      },
      nix: {
        command: ["nix-store", "--realise", "--max-jobs", "2"],
        more: (run) => [derivations[run] ?? ""],
        env: rigs.nix.env,
      },
    },
    { runs },
  );
  figures(
    "builds",
    Object.values(results).map((figure: Figure) => ({
      ...figure,
      case: `${shape}: ${figure.case}`,
      n: count,
      each_ms: round(figure.wall_ms.median / count, 2),
    })),
  );
  const ratio = (results["cleave"]?.wall_ms.median ?? NaN) / (results["nix"]?.wall_ms.median ?? NaN);
  if (budget === undefined) continue;
  all.push({
    what: shape,
    measured: `${round(ratio, 2)} of Nix's time`,
    budget: `${budget}`,
    met: ratio <= budget,
  });
}
budgets(all);
