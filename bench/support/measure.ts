/**
 * Times whole processes, ours and the peer's in turn, so that both meet the same machine.
 *
 * A figure is one JSON line: `{ bench, case, n, runs, wall_ms: { median, min, max }, peak_mib, ... }`.
 */
import { type SpawnOptions, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export type Command = {
  readonly command: readonly [program: string, ...args: string[]];
  /** Give further arguments for a run; runs count from 0, the first being one that is not measured. */
  readonly more?: (run: number) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Done before each run, outside of the time. */
  readonly prepare?: () => void;
};

export type Figure = {
  readonly case: string;
  readonly runs: number;
  readonly wall_ms: { readonly median: number; readonly min: number; readonly max: number };
  /** The largest resident set that the process had, in MiB. */
  readonly peak_mib: number;
};

/** Run each case `runs` times in turn, after one run that does not count. */
export async function measure(
  cases: Readonly<Record<string, Command>>,
  { runs = 5, warmup = 1 }: { readonly runs?: number; readonly warmup?: number } = {},
): Promise<Record<string, Figure>> {
  const samples = new Map(Object.keys(cases).map((name) => [name, { walls: [] as number[], peak: 0 }]));
  for (let round = -warmup; round < runs; round += 1)
    for (const [name, each] of Object.entries(cases)) {
      each.prepare?.();
      const { wall, peak } = await once(each, round + warmup);
      const sample = samples.get(name);
      if (round < 0 || sample === undefined) continue;
      sample.walls.push(wall);
      sample.peak = Math.max(sample.peak, peak);
    }
  return Object.fromEntries(
    [...samples].map(([name, { walls, peak }]) => [
      name,
      { case: name, runs: walls.length, wall_ms: spread(walls), peak_mib: round(peak / 1024, 1) },
    ]),
  );
}

/** Median, least and greatest of some numbers, to a hundredth. */
export function spread(values: readonly number[]): Figure["wall_ms"] {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? (sorted[Math.floor(middle)] ?? 0)
      : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median: round(median, 2), min: round(sorted[0] ?? 0, 2), max: round(sorted.at(-1) ?? 0, 2) };
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function once(
  { command: [program, ...args], more, env, cwd }: Command,
  run: number,
): Promise<{ wall: number; peak: number }> {
  const options: SpawnOptions = { stdio: ["ignore", "ignore", "pipe"] };
  if (env !== undefined) options.env = env;
  if (cwd !== undefined) options.cwd = cwd;
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(program, [...args, ...(more?.(run) ?? [])], options);
    let errors = "";
    child.stderr?.on("data", (chunk) => {
      errors += chunk;
    });
    let peak = 0;
    const look = () => {
      // The kernel keeps the peak, so the last look before the end is enough.
      try {
        const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
        peak = Math.max(peak, Number(line?.[1] ?? 0));
      } catch {
        // Gone already.
      }
    };
    const timer = setInterval(look, 4);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      const wall = performance.now() - begun;
      clearInterval(timer);
      if (code === 0) resolve({ wall, peak });
      else reject(new Error(`${program} ${args.join(" ")}: ${signal ?? `exit code ${code}`}\n${errors}`));
    });
  });
}
