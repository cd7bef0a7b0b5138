/** `npm run bench [-- NAME...]`: runs every `bench/*.bench.ts`, or those whose name contains one of the words. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const files = globSync("bench/*.bench.ts", { cwd: root })
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`no bench is called ${wanted.join(" or ")}`);
  process.exitCode = 2;
}
for (const file of files) {
  console.log(`## ${file}\n`);
  const { status } = spawnSync(process.execPath, ["--conditions=cleave-source", file], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
