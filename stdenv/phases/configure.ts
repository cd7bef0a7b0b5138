/**
 * configure: the package's own script looks at the build platform and writes makefiles. Its log is shown where it fails, and removed
 * where it does not: it tells the time and how temporary files were called, and the tree is to be the same every time.
 */
import { definePhase, type Phase } from "cleave/phase";
import { inWorkTree, showEnds, type ToolData, toolEnvironment } from "./environment.ts";
import { directoryFlags } from "./output-folders.ts";

/** What the phase reads. */
export type ConfigureData = ToolData & {
  /** The script, from the work tree. */
  readonly script: string;
  /** The folder to build in, from the work tree, which is made; `null` for the work tree itself. */
  readonly directory: string | null;
  /**
   * What the script is told besides `flags`. `autoconf`: `--prefix`, a flag for every further output, `--build`, `--host`;
   * `prefix`: all but the platforms; `plain`: nothing.
   */
  readonly style: "autoconf" | "prefix" | "plain";
  readonly flags: readonly string[];
  /** How the script calls its log, which it writes to the folder that is built in and those below it. */
  readonly log: string;
};

type Platform = Phase<unknown>["platforms"]["build"];

export default definePhase<ConfigureData>(async (phase) => {
  const { script, directory, style, flags, log, shell } = phase.data;
  if (!phase.isFile(script))
    phase.fail(
      `there is no script ${script} in the source; there are: ${phase.list(".").join(", ")}`,
      "name the script, or set the phase to null",
    );
  const folder = inWorkTree(phase, directory);
  phase.makeFolder(folder);
  const logs = () => phase.glob(`${folder}/**/${log}`, { optional: true });
  const way = directory === null ? "./" : "../".repeat(directory.split("/").length);
  try {
    await phase.exec([shell, `${way}${script}`, ...standardFlags(phase, style), ...flags], {
      cwd: folder,
      env: toolEnvironment(phase),
    });
  } catch (error) {
    showEnds(phase, logs(), 60);
    throw error;
  }
  phase.remove(...logs());
});

function standardFlags(phase: Phase<ConfigureData>, style: ConfigureData["style"]): string[] {
  if (style === "plain") return [];
  const flags = directoryFlags(phase.outputs);
  if (style === "prefix") return flags;
  return [...flags, `--build=${triple(phase.platforms.build)}`, `--host=${triple(phase.platforms.host)}`];
}

function triple({ cpu, kernel, abi }: Platform): string {
  return `${cpu}-unknown-${kernel}-${abi}`;
}
