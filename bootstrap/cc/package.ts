/**
 * cc: a C compiler for musl, with linker and archiver, on a store that nobody writes to. What it links is static. The driver is
 * described at the top of cc.c, and what it is put together from in cc.stage0.
 */
import { uses } from "cleave/modules";
import { outputPlaceholder, rawDerivation } from "cleave/package";
import { file } from "cleave/recipe";
import { zig, zigEnvironment, zigLibrary, zigVersion } from "../seed.ts";

/** What Zig calls the headers of a processor's family, where that is not its name. */
const families: Readonly<Record<string, string>> = { x86_64: "x86" };

export default uses(rawDerivation).package("cc", ({ config, define }) => {
  const script = file("cc.stage0");
  const driver = file("cc.c");
  const libc = file("libc.c");
  const cpu = () => config.platforms.target.cpu;
  return define({
    name: "cc",
    version: zigVersion,
    tools: { stage0: "bootstrap.stage0" },
    files: { zig, zigLibrary, script, driver, libc },
    builder: () => `${config.inputs.tools["stage0"]?.path}`,
    args: [script.path],
    env: () => ({
      ...zigEnvironment,
      out: outputPlaceholder("out"),
      zig: `${zig.path}/bin/zig`,
      library: zigLibrary.path,
      driver: driver.path,
      libc: libc.path,
      cpu: cpu(),
      cpu_headers: families[cpu()] ?? cpu(),
      host: `${config.platforms.host.cpu}-linux-musl`,
    }),
    meta: { description: "A C compiler with musl, and the linker and archiver that it needs" },
  });
});
