/** Which folders of a package belong to which of its outputs. The first of the outputs named that the package has gets them. */

/** Each: the flag of a configure script, the folder below an output, and the outputs that may take it, but for the main one. */
const folders = [
  { flag: "bindir", folder: "bin", outputs: ["bin"] },
  { flag: "sbindir", folder: "sbin", outputs: ["bin"] },
  { flag: "libdir", folder: "lib", outputs: ["lib"] },
  { flag: "includedir", folder: "include", outputs: ["dev"] },
  { flag: "mandir", folder: "share/man", outputs: ["man", "doc"] },
  { flag: "infodir", folder: "share/info", outputs: ["info", "doc"] },
  { flag: "docdir", folder: "share/doc", outputs: ["doc"] },
] as const;

/** What configure scripts have no flags for. */
const others = [
  { folder: "lib/pkgconfig", outputs: ["dev"] },
  { folder: "lib/cmake", outputs: ["dev"] },
  { folder: "share/pkgconfig", outputs: ["dev"] },
  { folder: "share/aclocal", outputs: ["dev"] },
] as const;

type Outputs = Readonly<Record<string, string>>;

/** A folder that belongs to another output than the main one. */
export type Move = { readonly folder: string; readonly output: string };

/** Say which output has what belongs to no other: `out`, or the only one. */
export function mainOutput(outputs: Outputs): string {
  return outputs["out"] !== undefined ? "out" : (Object.keys(outputs)[0] ?? "out");
}

/** Say which folders belong to other outputs than the main one; those within others come first. */
export function outputFolders(outputs: Outputs): Move[] {
  const main = mainOutput(outputs);
  return [...others, ...folders].flatMap(({ folder, outputs: takers }) => {
    const output = takers.find((each) => outputs[each] !== undefined && each !== main);
    return output === undefined ? [] : [{ folder, output }];
  });
}

/** Make the flags of a configure script that say where things go: `--prefix`, and what other outputs take. */
export function directoryFlags(outputs: Outputs): string[] {
  const moves = outputFolders(outputs);
  return [
    `--prefix=${outputs[mainOutput(outputs)]}`,
    ...folders.flatMap(({ flag, folder }) => {
      const move = moves.find((each) => each.folder === folder);
      return move === undefined ? [] : [`--${flag}=${outputs[move.output]}/${folder}`];
    }),
  ];
}
