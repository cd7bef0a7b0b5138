/** build: the functions that jq has in its own language become a text of C; then its library and the program. */
import { definePhase, type Phase } from "cleave/phase";
import type { ConfigureData } from "./configure.ts";

/** What the phase reads. */
export type BuildData = ConfigureData;

const sources = [
  ...[
    "builtin",
    "bytecode",
    "compile",
    "execute",
    "jq_test",
    "jv",
    "jv_alloc",
    "jv_aux",
    "jv_dtoa",
    "jv_file",
  ],
  ...["jv_parse", "jv_print", "jv_unicode", "linker", "locfile", "util", "parser", "lexer"],
];

export default definePhase<BuildData>(async (phase) => {
  const { CFLAGS = "", CPPFLAGS = "", LDFLAGS = "" } = phase.data.env;
  const options = { env: { TMPDIR: phase.temporaryDirectory }, echo: false };
  writeBuiltins(phase);
  const flags = `${CFLAGS} ${CPPFLAGS}`.split(" ").filter((flag) => flag !== "");
  await phase.execAll(
    [...sources, "main"].map((name) => [
      ...[phase.tool("cc"), ...flags, "-c", `src/${name}.c`, "-o", `src/${name}.o`],
    ]),
    options,
  );
  phase.log(`compiled ${sources.length + 1} files`);
  await phase.exec([phase.tool("ar"), "rcD", "libjq.a", ...sources.map((name) => `src/${name}.o`)], options);
  await phase.exec(
    [phase.tool("cc"), "src/main.o", "libjq.a", ...LDFLAGS.split(" "), "-lonig", "-o", "jq"],
    options,
  );
});

/** Write src/builtin.jq as lines of C, each a text. */
function writeBuiltins(phase: Phase<BuildData>): void {
  const lines = phase.read("src/builtin.jq").trimEnd().split("\n");
  const texts = lines.map((line) => `"${line.replace(/[\\"]/g, (character) => `\\${character}`)}\\n"\n`);
  phase.write("src/builtin.inc", texts.join(""));
}
