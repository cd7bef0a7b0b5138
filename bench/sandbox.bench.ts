/**
 * What a sandbox costs, with few and with many inputs, beside what Nix takes for a derivation that does nothing, and beside
 * the floors: a process, and a process in namespaces.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSandboxes, type Sandboxes } from "../src/sandbox/index.ts";
import { nixIn } from "../test/support/nix.ts";
import { busyboxTools } from "../test/support/sandbox.ts";
import { temporaryFolder } from "../test/support/temp.ts";
import { round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

const rounds = 15;
const chain = 10;
using temp = temporaryFolder();
const tools = busyboxTools(temp.path);
const searchPath = process.env["PATH"] ?? "";
const engines = ["direct", "bubblewrap", "unshare"] as const;
const inputCounts = [1, 100, 1000];

const inputs = Array.from({ length: 1000 }, (_, index) => {
  const name = `${String(index).padStart(32, "0")}-input`;
  mkdirSync(join(temp.path, "inputs", name), { recursive: true });
  return { host: join(temp.path, "inputs", name), inside: `/nix/store/${name}` };
});

let folders = 0;
async function start(sandboxes: Sandboxes, count: number): Promise<void> {
  const folder = join(temp.path, `run-${folders++}`);
  for (const name of ["", "store", "build"]) mkdirSync(join(folder, name));
  const { ended } = sandboxes.run(
    {
      program: "/nix/store/tools/bin/busybox",
      args: ["true"],
      env: {},
      cwd: "/build",
      inputs: [tools, ...inputs.slice(0, count - 1)],
      store: join(folder, "store"),
      build: join(folder, "build"),
      network: false,
    },
    () => {},
  );
  const { code } = await ended;
  if (code !== 0) throw new Error(`exit code ${code}`);
}

function command(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "ignore" });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${program}: ${code}`))));
  });
}

// Nix builds a chain of derivations at a time; what one takes is the chain's time less that of a single one, shared out.
const nix = nixIn(join(temp.path, "nix"));
const extra = inputs.slice(0, 100).map(({ host }) => nix.run("nix-store", ["--add", host]).toString().trim());
const added = nix.run("nix-store", ["--add", tools.host]).toString().trim();
let generation = 0;
function nixChain(length: number, count: number): () => Promise<void> {
  const file = join(temp.path, `chain-${generation}.nix`);
  writeFileSync(
    file,
    `let
      extra = map builtins.storePath [ ${extra
        .slice(0, count - 1)
        .map((path) => `"${path}"`)
        .join(" ")} ];
      link = last: n: derivation {
        name = "link"; system = builtins.currentSystem; inherit extra last;
        builder = "\${builtins.storePath "${added}"}/bin/sh"; args = [ "-c" "echo >$out" ]; salt = "${generation++}-\${toString n}";
      };
    in builtins.foldl' link "" (builtins.genList (n: n) ${length})`,
  );
  const drv = nix.run("nix-instantiate", [file]).toString().trim();
  return async () => {
    nix.run("nix-store", ["--realise", drv]);
  };
}

const samples = new Map<string, number[]>();
async function time(name: string, work: () => Promise<void>, share = 1): Promise<number> {
  const begun = performance.now();
  await work();
  const taken = (performance.now() - begun) / share;
  samples.set(name, [...(samples.get(name) ?? []), taken]);
  return taken;
}
function median(name: string): number {
  const sorted = [...(samples.get(name) ?? [])].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const opened: Sandboxes[] = [];
for (const engine of engines) {
  await time(`${engine}, ready`, async () => {
    const sandboxes = openSandboxes({ folder: temp.path, searchPath, engine });
    opened.push(sandboxes);
    await sandboxes.engine;
  });
}
for (let count = 0; count < rounds; count += 1) {
  await time("a process", () => command("true", []));
  await time("a process in namespaces", () => command("unshare", ["-Umnpiuf", "true"]));
  for (const number of inputCounts)
    for (const [index, engine] of engines.entries()) {
      const sandboxes = opened[index];
      if (sandboxes !== undefined) await time(`${engine}, inputs: ${number}`, () => start(sandboxes, number));
    }
  if (count % 3 > 0) continue;
  for (const number of inputCounts.slice(0, 2)) {
    const one = nixChain(1, number);
    const many = nixChain(chain + 1, number);
    const begun = performance.now();
    await one();
    const single = performance.now() - begun;
    await many();
    const each = (performance.now() - begun - 2 * single) / chain;
    const name = `Nix, inputs: ${number}`;
    samples.set(name, [...(samples.get(name) ?? []), each]);
  }
}

// How long a start stops the event loop of a process that an evaluation has filled.
const ballast = Array.from({ length: 400 }, () => Buffer.alloc(2 ** 20, 1));
for (let count = 0; count < rounds; count += 1) {
  await time("stopped by spawn at 400 MiB", async () => {
    const begun = performance.now();
    const child = spawn("true", [], { stdio: "ignore" });
    samples.set("stop, spawn", [...(samples.get("stop, spawn") ?? []), performance.now() - begun]);
    await new Promise((resolve) => child.on("exit", resolve));
  });
  const [sandboxes] = opened;
  if (sandboxes === undefined) continue;
  const begun = performance.now();
  const started = start(sandboxes, 1);
  samples.set("stop, sandbox", [...(samples.get("stop, sandbox") ?? []), performance.now() - begun]);
  await started;
}
if (ballast.length === 0) throw new Error("the ballast is gone");
for (const sandboxes of opened) await sandboxes.close();

figures(
  "sandbox",
  [...samples].map(([name, values]) => ({
    case: name,
    runs: values.length,
    wall_ms: {
      median: round(median(name), 2),
      min: round(Math.min(...values), 2),
      max: round(Math.max(...values), 2),
    },
  })),
);
const against = (name: string, peer: string, limit: number) => {
  const ratio = median(name) / median(peer);
  return {
    what: `${name}, beside ${peer}`,
    measured: `${round(median(name), 1)} ms, ${round(ratio, 2)} of ${round(median(peer), 1)} ms`,
    budget: `${limit}`,
    met: ratio <= limit,
  };
};
budgets([
  against("direct, inputs: 1", "Nix, inputs: 1", 0.8),
  against("direct, inputs: 100", "Nix, inputs: 100", 0.9),
  against("unshare, inputs: 1", "Nix, inputs: 1", 2),
  against("unshare, inputs: 100", "Nix, inputs: 100", 2),
  against("stop, sandbox", "stop, spawn", 0.5),
]);
