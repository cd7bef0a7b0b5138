/** build: compile make's sources for Linux beside each other, and link them. */
import { definePhase } from "cleave/phase";

/** In src, those that makefiles would list for Linux; in lib, the functions that make brings. */
const sources = [
  ...[
    "ar",
    "arscan",
    "commands",
    "default",
    "dir",
    "expand",
    "file",
    "function",
    "getopt",
    "getopt1",
    "guile",
  ],
  ...["hash", "implicit", "job", "load", "loadapi", "main", "misc", "output", "posixos", "read", "remake"],
  ...["remote-stub", "rule", "signame", "strcache", "variable", "version", "vpath"],
].map((name) => `src/${name}`);
const functions = ["lib/fnmatch", "lib/glob"];

/** make looks in these for libraries, headers and translations, of which a build has none but by name. */
const folders = ["LIBDIR", "INCLUDEDIR", "LOCALEDIR"].map((name) => `-D${name}="/nowhere"`);

export default definePhase(async (phase) => {
  const { cpu, kernel, abi } = phase.platforms.host;
  const env = { TMPDIR: phase.temporaryDirectory };
  const names = [...sources, ...functions];
  await phase.execAll(
    names.map((name) => [
      phase.tool("cc"),
      ...["-std=gnu99", "-O2", "-w", "-DHAVE_CONFIG_H", "-Isrc", "-Ilib", ...folders],
      ...[`-DVERSION="${phase.package.version}"`, `-DMAKE_HOST="${cpu}-unknown-${kernel}-${abi}"`],
      ...["-c", `${name}.c`, "-o", `${name}.o`],
    ]),
    { env, echo: false },
  );
  phase.log(`compiled ${names.length} files`);
  await phase.exec([phase.tool("cc"), "-s", ...names.map((name) => `${name}.o`), "-o", "make"], {
    env,
    echo: false,
  });
});
