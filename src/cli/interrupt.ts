import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Do work that has to be undone when somebody stops it: SIGINT, SIGTERM and SIGHUP abort its signal, and once it
 * has failed by that, the exit code is 128 and the number of the signal.
 */
export async function undoable(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  let exitCode = 0;
  const stop = (signal: (typeof signals)[number]) => {
    exitCode = 128 + constants.signals[signal];
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
