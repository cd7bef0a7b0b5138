import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Signals that come closer together are one: who passes on what its terminal has sent to all makes two of it. In milliseconds. */
const apart = 300;

/**
 * Do work that has to be undone when somebody stops it: SIGINT, SIGTERM and SIGHUP abort its signal, and once it
 * has failed by that, the exit code is 128 and the number of the signal. Another one ends the process at once, whatever is
 * left to undo.
 */
export async function undoable(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  let exitCode = 0;
  let stopped = Infinity;
  const stop = (signal: (typeof signals)[number]) => {
    if (performance.now() > stopped + apart) process.exit(exitCode);
    if (controller.signal.aborted) return;
    exitCode = 128 + constants.signals[signal];
    stopped = performance.now();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return exitCode;
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
