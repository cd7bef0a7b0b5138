/**
 * The process that `bench/modules.bench.ts` times: evaluates N packages down to their derivations.
 *
 *     node evaluate.ts N [--one] [--values | --further]
 *
 * `--one` makes one evaluation with N submodules. `--values` prints every option value as JSON, `--further` what one
 * package more costs after the first half of them: `{ ms, bytes, kept }`. Without both it prints the output paths.
 */
import { parseArgs } from "node:util";
import { nextPackage, type Package, packagesEach, packagesOfOne } from "./packages.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { one: { type: "boolean" }, values: { type: "boolean" }, further: { type: "boolean" } },
});
const n = Number(positionals[0]);

if (values.further === true) further();
else {
  const packages = values.one === true ? packagesOfOne(n) : packagesEach(n);
  const result = values.values === true ? packages.map(show) : packages.map(({ drv }) => drv.outPath);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function show({ drv, ...rest }: Package): unknown {
  return { ...rest, drv: [drv.drvPath, drv.outPath] };
}

/** Evaluate all values of all packages; time and weigh the second half, in batches of which the median counts. */
function further(): void {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("run with --expose-gc");
  const packages: Package[] = [];
  const evaluate = (until: number) => {
    while (packages.length < until) {
      const each = nextPackage(packages);
      packages.push(each);
      for (const name of Object.keys(each)) Reflect.get(each, name);
    }
  };
  const batches = 10;
  evaluate(n / 2);
  collect();
  const before = process.memoryUsage().heapUsed;
  const times: number[] = [];
  for (let batch = 1; batch <= batches; batch += 1) {
    const begun = performance.now();
    evaluate(n / 2 + (batch * n) / 2 / batches);
    times.push(performance.now() - begun);
  }
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  const median = times.sort((a, b) => a - b)[batches / 2] ?? NaN;
  const figures = { ms: median / (n / 2 / batches), bytes: bytes / (n / 2), kept: packages.length };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
