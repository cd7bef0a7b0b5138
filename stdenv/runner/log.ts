/** What the runner writes to the log. */
import { err } from "std";

/** Tell who reads the log which phase starts, in Nix's own way. */
export function announcePhase(name: string): void {
  write(`@nix ${JSON.stringify({ action: "setPhase", phase: name })}\n`);
}

/** Write to standard error at once. */
export function write(text: string): void {
  err.puts(text);
  err.flush();
}
