/**
 * Where the launcher enters. `--version` is answered before anything else is loaded.
 */
import { readFileSync } from "node:fs";
import { projectFile } from "../base/project.ts";

// The launcher's own; no program that is started from here needs it.
delete process.env["NODE_COMPILE_CACHE"];

if (process.argv[2] === "--version") {
  const { version } = JSON.parse(readFileSync(projectFile("package.json"), "utf8"));
  process.stdout.write(`cleave ${version}\n`);
} else {
  const { main } = await import("./dispatch.ts");
  const code = await main();
  // Everything is written by now. To take down what has been in memory would take the longer, the more that was.
  process.exit(code);
}
