/** configure: write config.h. The sizes of types are those that the compiler itself tells, so it fits every platform. */
import { definePhase } from "cleave/phase";

export default definePhase((phase) => {
  const { name, version } = phase.package;
  const lines = [
    `#define PACKAGE "${name}"`,
    `#define PACKAGE_VERSION "${version}"`,
    `#define VERSION "${version}"`,
    ...["ALLOCA_H", "STDINT_H", "INTTYPES_H", "SYS_TYPES_H", "SYS_TIME_H", "SYS_TIMES_H", "UNISTD_H"].map(
      (header) => `#define HAVE_${header} 1`,
    ),
    "#define SIZEOF_INT __SIZEOF_INT__",
    "#define SIZEOF_LONG __SIZEOF_LONG__",
    "#define SIZEOF_LONG_LONG __SIZEOF_LONG_LONG__",
    "#define SIZEOF_VOIDP __SIZEOF_POINTER__",
  ];
  phase.write("src/config.h", `${lines.join("\n")}\n`);
});
