/** Unpacking beside GNU tar with the usual decompressors on the sources and the compiler of a checkout. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../test/support/temp.ts";
import { type Command, measure, round } from "./support/measure.ts";
import { figures } from "./support/report.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));
using temp = temporaryFolder();
const env = { PATH: process.env["PATH"], HOME: temp.path };
execFileSync("tar", [
  "-cf",
  `${temp.path}/plain.tar`,
  "-C",
  repository,
  "src",
  "test",
  "node_modules/typescript",
  "node_modules/@typescript",
]);
const cases: Record<string, Command> = {};
for (const [name, program] of Object.entries({ gzip: "gzip", bzip2: "bzip2", xz: "xz", zstd: "zstd" })) {
  const archive = `${temp.path}/a.${name}`;
  execFileSync("sh", ["-c", `${program} -c ${temp.path}/plain.tar >${archive}`]);
  const prepare = () => rmSync(`${temp.path}/out`, { recursive: true, force: true });
  cases[`cleave unpack, ${name}`] = {
    command: [`${repository}cleave`, "unpack", archive, `${temp.path}/out`],
    env,
    prepare,
  };
  cases[`tar, ${name}`] = {
    command: ["sh", "-c", `mkdir ${temp.path}/out && tar -xf ${archive} -C ${temp.path}/out`],
    env,
    prepare,
  };
}
const results = await measure(cases, { runs: 3 });
const size = Number(execFileSync("stat", ["-c", "%s", `${temp.path}/plain.tar`]));
figures(
  "unpack",
  Object.values(results).map((result) => ({
    ...result,
    mib_per_s: round(size / 2 ** 20 / (result.wall_ms.median / 1000), 1),
  })),
);
