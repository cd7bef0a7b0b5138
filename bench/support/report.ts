import { appendFileSync } from "node:fs";

/** A budget of an issue, and what was measured against it. */
export type Budget = {
  readonly what: string;
  /** The figure, such as `1.42 times nix hash path`. */
  readonly measured: string;
  readonly budget: string;
  readonly met: boolean;
};

/** Print figures as JSON lines; with `BENCH_JSONL` set, append them to that file too. */
export function figures(bench: string, rows: readonly Readonly<Record<string, unknown>>[]): void {
  for (const row of rows) {
    const line = JSON.stringify({ bench, ...row });
    console.log(line);
    if (process.env["BENCH_JSONL"] !== undefined) appendFileSync(process.env["BENCH_JSONL"], `${line}\n`);
  }
}

/** Print a Markdown table. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  console.log(`\n| ${head.join(" | ")} |\n|${head.map(() => "-|").join("")}`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log("");
}

/** Print the budgets of a bench as a table, and fail the process where one is not met. */
export function budgets(rows: readonly Budget[]): void {
  table(
    ["what", "measured", "budget", "met"],
    rows.map(({ what, measured, budget, met }) => [what, measured, budget, met ? "yes" : "**no**"]),
  );
  if (rows.some(({ met }) => !met)) process.exitCode = 1;
}
