/** Find up to three names that a mistyped one may have meant, best first: those with at most a third of it wrong. */
export function nearestNames(name: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.ceil(name.length / 3));
  const found: { readonly each: string; readonly distance: number }[] = [];
  for (const each of new Set(names)) {
    const distance = countEdits(name, each);
    if (distance <= limit) found.push({ each, distance });
  }
  return found
    .sort((a, b) => a.distance - b.distance || (a.each < b.each ? -1 : 1))
    .slice(0, 3)
    .map(({ each }) => each);
}

/** Count the letters to insert, remove or replace to make one text the other. */
function countEdits(from: string, to: string): number {
  let costs = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...from].entries()) {
    const next = [row + 1];
    for (const [column, other] of [...to].entries())
      next.push(
        Math.min(
          (next[column] ?? 0) + 1,
          (costs[column + 1] ?? 0) + 1,
          (costs[column] ?? 0) + (letter === other ? 0 : 1),
        ),
      );
    costs = next;
  }
  return costs.at(-1) ?? 0;
}
