/** Limits of time, of any length. */

/** The longest that a timer of Node's can wait, in milliseconds: 24 days. One that is to wait longer does not wait at all. */
const longest = 2 ** 31 - 1;

/** Do something after so many seconds, unless what this gives is called before. */
export function afterSeconds(seconds: number, action: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (left: number): void => {
    timer = setTimeout(
      () => {
        if (left > longest) wait(left - longest);
        else action();
      },
      Math.min(left, longest),
    );
  };
  wait(seconds * 1000);
  return () => clearTimeout(timer);
}
