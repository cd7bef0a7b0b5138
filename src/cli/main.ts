/**
 * Where the launcher enters. `--version` is answered before anything else is loaded.
 */
import { writeSync } from "node:fs";
import { version } from "./version.ts";

// The launcher's own; no program that is started from here needs it.
delete process.env["NODE_COMPILE_CACHE"];

if (process.argv[2] !== "--version" || !wrote(version())) {
  const { main } = await import("./dispatch.ts");
  const code = await main();
  // Everything is written by now. To take down what has been in memory would take the longer, the more that was.
  process.exit(code);
}

/** Write a result at once; says whether that went well. Where it did not, all else is there to tell why. */
function wrote(text: string): boolean {
  try {
    return writeSync(1, text) > 0;
  } catch {
    return false;
  }
}
