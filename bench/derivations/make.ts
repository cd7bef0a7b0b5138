/** The process that `derivations.bench.ts` measures: makes `count` derivations and prints their outputs' paths. */
import { type InputOutputs, makeDerivation, makeGraph, type StorePath } from "cleave/nix";

const count = Number(process.argv[2]);
const graph = makeGraph();
const paths: StorePath[] = [];
const outputs: string[] = [];
const args = ["-c", "echo > $out"];
const out = { outputs: ["out"] };
for (let i = 0; i < count; i += 1) {
  const name = `p${i}`;
  const inputDrvs = new Map<StorePath, InputOutputs>();
  let inputs = "";
  for (const each of needs(i)) {
    const path = paths[each];
    if (path !== undefined) inputDrvs.set(path, out);
    inputs += `${inputs === "" ? "" : " "}${outputs[each]}`;
  }
  const { path, derivation } = makeDerivation(
    {
      name,
      platform: "x86_64-linux",
      builder: "/bin/sh",
      args,
      env: [
        ["builder", "/bin/sh"],
        ["inputs", inputs],
        ["name", name],
        ["number", `${i}`],
        ["salt", ""],
        ["system", "x86_64-linux"],
      ],
      inputDrvs,
    },
    graph,
  );
  paths.push(path);
  outputs.push(derivation.env.get("out") ?? "");
}
process.stdout.write(`${JSON.stringify(outputs)}\n`);

/** Give up to three earlier derivations, each once. */
function needs(i: number): number[] {
  const needed: number[] = [];
  for (const each of [i - 1 - ((7 * i) % 10), Math.floor(i / 2), Math.floor(i / 3)])
    if (each >= 0 && each < i && !needed.includes(each)) needed.push(each);
  return needed;
}
