/** fixup: what was installed goes to the outputs that it belongs to, names its interpreters by path, and loses what is of no use. */
import { definePhase, type Phase } from "cleave/phase";
import { mainOutput, outputFolders } from "./output-folders.ts";

/** What the phase reads. */
export type FixupData = {
  /** Whether `#!` lines are rewritten to programs of libraries and, unless that is for another platform, of tools. */
  readonly shebangs: boolean;
  /** What goes from the main output to others: by output, patterns for paths below it. */
  readonly move: Readonly<Record<string, readonly string[]>>;
};

export default definePhase<FixupData>((phase) => {
  const main = phase.output(mainOutput(phase.outputs));
  if (phase.exists(main)) moveToOutputs(phase, main);
  for (const output of Object.values(phase.outputs)) {
    if (phase.status(output)?.type !== "folder") continue;
    removeUseless(phase, output);
    if (phase.data.shebangs) patchScripts(phase, output);
  }
});

function moveToOutputs(phase: Phase<FixupData>, main: string): void {
  const moves = Object.entries(phase.data.move).flatMap(([output, patterns]) =>
    patterns.flatMap((pattern) =>
      phase
        .glob(`${main}/${pattern}`)
        .map((path) => ({ path, to: phase.output(output) + path.slice(main.length) })),
    ),
  );
  for (const { folder, output } of outputFolders(phase.outputs)) {
    const path = `${main}/${folder}`;
    if (phase.exists(path)) moves.push({ path, to: `${phase.output(output)}/${folder}` });
  }
  for (const { path, to } of moves) merge(phase, path, to);
  for (const { path } of moves) removeEmpty(phase, phase.parent(path), main);
  for (const output of Object.values(phase.outputs)) movePackageConfig(phase, output);
}

/** Move a path to where there may be a folder of the same name. */
function merge(phase: Phase<FixupData>, from: string, to: string): void {
  const there = phase.status(to);
  if (there === null) phase.move(from, to);
  else if (there.type === "folder" && phase.status(from)?.type === "folder") {
    for (const name of phase.list(from)) merge(phase, `${from}/${name}`, `${to}/${name}`);
    phase.remove(from);
  } else phase.fail(`${from} cannot go to ${to}, where there is something already`);
}

function removeEmpty(phase: Phase<FixupData>, folder: string, end: string): void {
  if (folder === end || !phase.exists(folder) || phase.list(folder).length > 0) return;
  phase.remove(folder);
  removeEmpty(phase, phase.parent(folder), end);
}

/** Have the files of pkg-config say where headers and libraries are now. */
function movePackageConfig(phase: Phase<FixupData>, output: string): void {
  const places = { includedir: "include", libdir: "lib" } as const;
  const moves = outputFolders(phase.outputs);
  for (const file of phase.glob(`${output}/{lib,share}/pkgconfig/*.pc`, { optional: true })) {
    const text = phase.read(file);
    const mended = text.replace(/^(includedir|libdir)=.*$/gm, (line, variable: keyof typeof places) => {
      const move = moves.find(({ folder }) => folder === places[variable]);
      return move === undefined ? line : `${variable}=${phase.output(move.output)}/${places[variable]}`;
    });
    if (mended !== text) phase.write(file, mended);
  }
}

/** Libtool's archives lead others' links astray; an index of Info pages is of one package alone. */
function removeUseless(phase: Phase<FixupData>, output: string): void {
  for (const file of phase.glob(`${output}/lib/**/*.la`, { optional: true }))
    if (phase.read(file).includes("libtool library file")) phase.remove(file);
  phase.remove(`${output}/share/info/dir`);
}

function patchScripts(phase: Phase<FixupData>, output: string): void {
  const { build, host } = phase.platforms;
  const native = build.cpu === host.cpu && build.kernel === host.kernel && build.abi === host.abi;
  const scripts = phase
    .walk(output)
    .flatMap(({ path, status }) => (status.type === "file" && (status.mode & 0o111) !== 0 ? [path] : []));
  const unknown = phase.patchShebangs(
    scripts,
    (program) => phase.findHostProgram(program) ?? (native ? phase.findTool(program) : undefined),
  );
  if (unknown.length > 0)
    phase.log(`scripts for these stay as they are, nothing has them: ${unknown.join(", ")}`);
}
