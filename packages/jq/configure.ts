/** configure: find out which functions the C library has, and write config.h. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type ConfigureData = {
  /** Variables for the compiler: CC, CFLAGS and the like. */
  readonly env: Readonly<Record<string, string>>;
};

/** Functions that jq asks for, besides those of src/libm.h. */
const functions = [
  ...["memmem", "mkstemp", "isatty", "strptime", "strftime", "timegm", "gmtime_r", "gmtime", "localtime_r"],
  ...["localtime", "gettimeofday", "pthread_key_create", "pthread_once", "atexit"],
];
const headers = ["math", "pthread", "stdlib", "string", "sys/time", "time", "unistd"];

export default definePhase<ConfigureData>(async (phase) => {
  const mathematical = [...phase.read("src/libm.h").matchAll(/HAVE_([A-Z0-9_]+)/g)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
  const names = [...new Set([...functions, ...mathematical, "frexp", "modf", "lgamma_r"])];
  const found = await findFunctions(names);
  phase.log(
    `functions that the C library lacks: ${names.filter((name) => !found.includes(name)).join(", ")}`,
  );
  const lines = [
    ...found.map((name) => `#define HAVE_${name.toUpperCase()} 1`),
    "#define HAVE_ALLOCA_H 1",
    "#define HAVE_LIBONIG 1",
    "#define HAVE_TM_TM_GMT_OFF 1",
    "#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__",
    "#define IEEE_MC68k 1",
    "#else",
    "#define IEEE_8087 1",
    "#endif",
  ];
  phase.write("config.h", `${lines.join("\n")}\n`);
  phase.write("src/version.h", `#define JQ_VERSION "${phase.package.version}"\n`);

  /** Say which of these are declared and can be linked to, by linking a program for each. */
  async function findFunctions(wanted: readonly string[]): Promise<string[]> {
    const folder = `${phase.temporaryDirectory}/functions`;
    for (const name of wanted)
      phase.write(
        `${folder}/${name}.c`,
        `${headers.map((header) => `#include <${header}.h>\n`).join("")}` +
          `int main(void) { void *volatile place = (void *)${name}; return place == 0; }\n`,
      );
    const outcomes = await phase.execAll(
      wanted.map((name) => [
        ...[phase.tool("cc"), "-w", "-D_GNU_SOURCE", `${folder}/${name}.c`, "-o", `${folder}/${name}`],
      ]),
      { env: { TMPDIR: phase.temporaryDirectory }, echo: false, check: false, stderr: "discard" },
    );
    return wanted.filter((_, index) => outcomes[index]?.code === 0);
  }
});
