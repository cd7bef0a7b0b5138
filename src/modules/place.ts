/** Option paths: where in a configuration a value stands, kept as links so that they cost nothing until shown. */

/** One name of a path, and what comes before it; the root of a configuration is `undefined`. */
export type Place = {
  readonly parent: Place | undefined;
  readonly name: string;
};

/** Go down by several names. */
export function placeOf(parent: Place | undefined, names: readonly string[]): Place | undefined {
  let place = parent;
  for (const name of names) place = { parent: place, name };
  return place;
}

/** List the names of a path from the root down. */
export function namesOf(place: Place | undefined): string[] {
  const names: string[] = [];
  for (let each = place; each !== undefined; each = each.parent) names.push(each.name);
  return names.reverse();
}

/** Show a path as `phases.build.env."a b"`; the root is `the root`. */
export function showPath(names: readonly string[]): string {
  if (names.length === 0) return "the root";
  return names
    .map((name) =>
      /^[A-Za-z_][A-Za-z0-9_'-]*$/.test(name) || /^(\[.*\]|<.*>|\*)$/.test(name)
        ? name
        : JSON.stringify(name),
    )
    .join(".");
}

export function showPlace(place: Place | undefined): string {
  return showPath(namesOf(place));
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    // No escape that JSON knows: the name is what is written.
    return text;
  }
}

/** Read a path that a user wrote: names, or a text with dots, where a name with odd characters stands in quotes. */
export function parsePath(path: string | readonly string[]): readonly string[] {
  if (typeof path !== "string") return path;
  const names: string[] = [];
  for (const [, quoted, plain] of path.matchAll(/"((?:[^"\\]|\\.)*)"|([^."]+)/g))
    names.push(plain ?? unquoted(quoted ?? ""));
  return names;
}
