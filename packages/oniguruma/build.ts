/** build: compile the library's files beside each other, and put them into an archive. */
import { definePhase } from "cleave/phase";

/** What the phase reads. */
export type BuildData = {
  /** Variables for the compiler: CC, CFLAGS and the like. */
  readonly env: Readonly<Record<string, string>>;
};

/** The files of the library, besides one for each encoding. */
const parts = [
  ...["regparse", "regcomp", "regexec", "regenc", "regerror", "regext", "regsyntax", "regtrav", "regversion"],
  ...["reggnu", "st", "unicode", "unicode_unfold_key", "unicode_fold1_key", "unicode_fold2_key"],
  ...["unicode_fold3_key", "onig_init"],
];
const iso8859 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16].map((part) => `iso8859_${part}`);
const encodings = [
  ...["ascii", "utf8", "utf16_be", "utf16_le", "utf32_be", "utf32_le", "euc_jp", "euc_jp_prop", "sjis"],
  ...["sjis_prop", ...iso8859, "euc_tw", "euc_kr", "big5", "gb18030", "koi8_r", "cp1251"],
];

export default definePhase<BuildData>(async (phase) => {
  const { CFLAGS = "" } = phase.data.env;
  const env = { TMPDIR: phase.temporaryDirectory };
  const sources = [...parts, ...encodings].map((name) => `src/${name}`);
  const objects = sources.map((source) => `${source}.o`);
  await phase.execAll(
    sources.map((source, index) => [
      ...[phase.tool("cc"), ...CFLAGS.split(" "), "-w", "-DHAVE_CONFIG_H", "-Isrc"],
      ...["-c", `${source}.c`, "-o", `${objects[index]}`],
    ]),
    { env, echo: false },
  );
  phase.log(`compiled ${sources.length} files`);
  await phase.exec([phase.tool("ar"), "rcD", "libonig.a", ...objects], { env, echo: false });
});
