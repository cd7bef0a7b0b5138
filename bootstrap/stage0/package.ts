/** stage0: carries out scripts of commands, before there is a shell. One C file without a C library, described at its top. */
import { uses } from "cleave/modules";
import { outputPlaceholder, rawDerivation } from "cleave/package";
import { file } from "cleave/recipe";
import { zig, zigEnvironment, zigLibrary } from "../seed.ts";

export default uses(rawDerivation).package("stage0", ({ config, define }) =>
  define({
    name: "stage0",
    version: "1",
    files: { zig, zigLibrary, source: file("stage0.c") },
    builder: `${zig.path}/bin/zig`,
    args: () => [
      "cc",
      "-target",
      `${config.platforms.host.cpu}-linux-none`,
      ...["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-s"],
      ...["-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector", "-fno-sanitize=undefined"],
      `${file("stage0.c")}`,
      ...["-o", outputPlaceholder("out")],
    ],
    env: zigEnvironment,
    exports: { programs: [], include: [], lib: [] },
    meta: { description: "A runner of simple scripts, for what comes before there is a shell" },
  }),
);
