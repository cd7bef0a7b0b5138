/** configure: the package's own script looks at the build platform and writes makefiles. */
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
};

type Platform = Phase<unknown>["platforms"]["build"];

export default definePhase<ConfigureData>(async (phase) => {
  const { script, directory, style, flags, shell } = phase.data;
  if (!phase.isFile(script))
    phase.fail(
      `there is no script ${script} in the source; there are: ${phase.list(".").join(", ")}`,
      "name the script, or set the phase to null",
    );
  const folder = inWorkTree(phase, directory);
  phase.makeFolder(folder);
  const way = directory === null ? "./" : "../".repeat(directory.split("/").length);
  try {
    await phase.exec([shell, `${way}${script}`, ...standardFlags(phase, style), ...flags], {
      cwd: folder,
      env: toolEnvironment(phase),
    });
  } catch (error) {
    showEnds(phase, phase.glob(`${folder}/config.log`, { optional: true }), 60);
    throw error;
  }
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
