import { openDirect } from "./direct.ts";
import { openHelped } from "./helped.ts";
import type { Sandboxes, SandboxesOptions } from "./sandboxes.ts";
import { hasSystemCalls } from "./system-calls.ts";

/** Set up a place to run sandboxes in. What goes wrong with that is the error of `engine` and of each run. */
export function openSandboxes(options: SandboxesOptions): Sandboxes {
  const { engine = hasSystemCalls ? "direct" : undefined } = options;
  return engine === "direct" ? openDirect(options) : openHelped(options);
}
