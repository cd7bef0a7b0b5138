/** The first line of a script, which says what runs it. */

/** Take the program's name and what it is given from a shebang; `undefined` where there is nothing to look for. */
export function parseShebang(
  line: string,
): { readonly program: string; readonly argument: string } | undefined {
  const words = line.trim().split(/[ \t]+/);
  let path = words.shift() ?? "";
  if (/(^|\/)env$/.test(path)) {
    while (/^-|=/.test(words[0] ?? "")) words.shift();
    path = words.shift() ?? "";
  }
  if (path === "" || path.startsWith("/nix/store/")) return undefined;
  return { program: path.slice(path.lastIndexOf("/") + 1), argument: words.join(" ") };
}
