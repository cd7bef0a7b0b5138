/**
 * Compiles `src/` into `dist/`, for the published package, and writes declarations of `stdenv/`, which is published as it is: what
 * runs in builds is bundled from the same bytes as in a checkout.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
for (const project of ["tsconfig.build.json", "tsconfig.stdenv.json"]) {
  const { status } = spawnSync("node_modules/.bin/tsc", ["--project", project], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
