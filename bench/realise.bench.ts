/** What it costs to find that nothing is to be built, beside Nix; and the memory for one large output. */
import { encodeNar, hashBytes, type StorePath } from "../src/nix/index.ts";
import { type NewPath, openLocalStore } from "../src/store/index.ts";
import { buildRig } from "../test/support/realise.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { measure, round } from "./support/measure.ts";
import { type Budget, budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
using place = temporaryFolder();
const { cleave } = install(place.path);
const rig = buildRig(temp.path);
const env = { PATH: process.env["PATH"], HOME: temp.path, CLEAVE_ROOT: rig.root };
const all: Budget[] = [];

const graph = (count: number) => `sh "echo > $out" { name = "top"; all = builtins.genList (i:
  sh "echo > $out" { name = "p\${toString i}"; }) ${count}; }`;
const tops = { "1,000": rig.instantiate(graph(1000)), "10,000": rig.instantiate(graph(10_000)) };
const roots = await makeAllValid();

const cases = {
  "one top over 1,000": { derivations: tops["1,000"], budget: 0.6 },
  "one top over 10,000": { derivations: tops["10,000"], budget: 0.6 },
  "10,000 roots": { derivations: roots.slice(0, 10_000), budget: 0.2 },
};
for (const [name, { derivations, budget }] of Object.entries(cases)) {
  const results = await measure(
    {
      cleave: { command: [cleave, "realise", ...derivations], env },
      nix: { command: ["nix-store", "--realise", ...derivations], env: rig.env },
    },
    { runs: 5 },
  );
  figures(
    "realise",
    Object.values(results).map((figure) => ({
      ...figure,
      case: `nothing to build, ${name}: ${figure.case}`,
    })),
  );
  const ratio = (results["cleave"]?.wall_ms.median ?? NaN) / (results["nix"]?.wall_ms.median ?? NaN);
  all.push({
    what: `nothing to build, ${name}`,
    measured: `${round(ratio, 2)} of Nix's time`,
    budget: `${budget}`,
    met: ratio <= budget,
  });
}

const [large = ""] = rig.instantiate(`sh "busybox truncate -s 4G $out" { name = "large"; }`);
const { output } = await measure(
  { output: { command: [cleave, "realise", large], env } },
  { runs: 1, warmup: 0 },
);
if (output !== undefined) {
  figures("realise", [{ ...output, case: "an output of 4 GiB" }]);
  all.push({
    what: "memory for an output of 4 GiB",
    measured: `${output.peak_mib} MiB`,
    budget: "150 MiB",
    met: output.peak_mib <= 150,
  });
}
budgets(all);

/** Register the outputs of all derivations without building them, and list the derivations. */
async function makeAllValid(): Promise<readonly StorePath[]> {
  await using store = await openLocalStore({ root: rig.root });
  const derivations = (await store.allPaths()).filter((path) => path.endsWith(".drv"));
  const nar = Buffer.concat([
    ...encodeNar({ type: "regular", executable: false, contents: Buffer.from("\n") }),
  ]);
  const made: NewPath[] = [];
  for (const outputs of (await store.knownOutputs(derivations)).values())
    for (const path of outputs.values())
      made.push({ path, narHash: hashBytes("sha256", nar), narSize: nar.length, references: [] });
  await store.register(made);
  return derivations;
}
