/** build: compile busybox' sources beside each other, and link them. */
import { definePhase } from "cleave/phase";
import type { ConfigureResult } from "./configure.ts";

const flags = [
  ...["-std=gnu99", "-Os", "-w", "-Iinclude", "-Ilibbb", "-include", "include/autoconf.h"],
  ...["-D_GNU_SOURCE", "-DNDEBUG", "-D_LARGEFILE_SOURCE", "-D_LARGEFILE64_SOURCE", "-D_FILE_OFFSET_BITS=64"],
  ...["-fno-builtin-strlen", "-fno-builtin-printf", "-fomit-frame-pointer", "-funsigned-char"],
  ...["-ffunction-sections", "-fdata-sections", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables"],
];

/** What the phase reads. */
export type BuildData = {
  /** The file shell.c, which takes the place of functions of the C library. */
  readonly shell: string;
};

export default definePhase<BuildData>(async (phase) => {
  const { sources: listed } = phase.results["configure"] as ConfigureResult;
  phase.write("libbb/shell.c", phase.read(phase.data.shell));
  const sources = [...listed, "libbb/shell.c"];
  const env = { TMPDIR: phase.temporaryDirectory };
  const objects = sources.map((source) => source.replace(/\.[cS]$/, ".o"));
  await phase.execAll(
    sources.map((source, index) => [
      phase.tool("cc"),
      ...flags,
      `-DBB_VER="${phase.package.version}"`,
      ...["-c", source, "-o", `${objects[index]}`],
    ]),
    { env, echo: false },
  );
  phase.log(`compiled ${sources.length} files`);
  await phase.exec([phase.tool("cc"), "-s", "-Wl,--gc-sections", ...objects, "-o", "busybox"], {
    env,
    echo: false,
  });
});
