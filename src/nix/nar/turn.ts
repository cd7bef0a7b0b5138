/** How long the event loop may be kept waiting, in milliseconds. */
export const longestTurn = 10;

/** Let the event loop turn once, so that signals and other work are heard. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
