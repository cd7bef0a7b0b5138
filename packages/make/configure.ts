/**
 * configure: make config.h of config.h.in, whose comments say what each name stands for. Functions, declarations and headers are
 * looked for; what is left is listed here.
 */
import { definePhase } from "cleave/phase";

/** What no question to the compiler answers, by name. */
const known: Readonly<Record<string, string>> = {
  _GNU_SOURCE: "1",
  FILE_TIMESTAMP_HI_RES: "1",
  HAVE_ALLOCA: "1",
  HAVE_ALLOCA_H: "1",
  HAVE_DIRENT_H: "1",
  HAVE_SA_RESTART: "1",
  HAVE_STRUCT_DIRENT_D_TYPE: "1",
  HAVE_SYS_WAIT_H: "1",
  HAVE_UINTMAX_T: "1",
  HAVE_WORKING_FORK: "1",
  HAVE_WORKING_VFORK: "1",
  MAKE_JOBSERVER: "1",
  MAKE_SYMLINKS: "1",
  PATH_SEPARATOR_CHAR: "':'",
  RETSIGTYPE: "void",
  SCCS_GET: '"get"',
  STDC_HEADERS: "1",
  ST_MTIM_NSEC: "st_mtim.tv_nsec",
  TIME_WITH_SYS_TIME: "1",
};

/** Where declarations are looked for. */
const headers = ["dirent", "errno", "fcntl", "signal", "stdlib", "string", "sys/stat", "time", "unistd"];

/** These are there, and make brings its own: that is what it is tested with. */
const unwanted = ["FNMATCH", "GLOB"];

export default definePhase(async (phase) => {
  const { cpu, kernel, abi } = phase.platforms.host;
  const { name, version } = phase.package;
  const own: Record<string, string> = {
    ...known,
    MAKE_HOST: `"${cpu}-unknown-${kernel}-${abi}"`,
    PACKAGE: `"${name}"`,
    PACKAGE_BUGREPORT: '"bug-make@gnu.org"',
    PACKAGE_NAME: '"GNU make"',
    PACKAGE_STRING: `"GNU make ${version}"`,
    PACKAGE_TARNAME: `"${name}"`,
    PACKAGE_URL: '"https://www.gnu.org/software/make/"',
    PACKAGE_VERSION: `"${version}"`,
    VERSION: `"${version}"`,
  };
  const template = phase.read("src/config.h.in");
  const questions = readQuestions(template).filter((each) => own[each.name] === undefined);
  const folder = `${phase.temporaryDirectory}/questions`;
  for (const each of questions) phase.write(`${folder}/${each.name}.c`, each.program);
  const outcomes = await phase.execAll(
    questions.map((each) => [
      ...[phase.tool("cc"), "-w", "-fno-builtin", "-D_GNU_SOURCE"],
      ...[`${folder}/${each.name}.c`, "-o", `${folder}/${each.name}`],
    ]),
    { env: { TMPDIR: phase.temporaryDirectory }, echo: false, check: false, stderr: "discard" },
  );
  const answers = questions.map((each, index) => ({ ...each, yes: outcomes[index]?.code === 0 }));
  phase.log(
    `${answers.filter(({ yes }) => yes).length} of ${answers.length} questions were answered with yes`,
  );
  for (const { name: asked, yes, otherwise } of answers) {
    const value = yes ? "1" : otherwise;
    if (value !== undefined) own[asked] = value;
  }
  const unused = new Set(Object.keys(own));
  const text = template.replace(/^# *undef (\w+)$/gm, (line, defined: string) => {
    unused.delete(defined);
    return own[defined] === undefined ? line : `#define ${defined} ${own[defined]}`;
  });
  if (unused.size > 0) phase.fail(`src/config.h.in does not ask for ${[...unused].join(", ")}`);
  phase.write("src/config.h", text);

  // Basic.mk reads this for the files that it does not know of.
  phase.write(
    "mk/Posix.mk",
    "prog_SOURCES += $(glob_SOURCES) $(posix_SOURCES)\nBUILT_SOURCES += $(lib)fnmatch.h $(lib)glob.h\n",
  );
});

/** A program that can be linked where the answer is yes; `otherwise` is what the name is defined as where it is no. */
type Question = { readonly name: string; readonly program: string; readonly otherwise?: string };

/** Read from the comments of config.h.in what is asked there. */
function readQuestions(template: string): Question[] {
  const questions: Question[] = [];
  for (const [, comment = "", name = ""] of template.matchAll(/\/\* ([^*]*?)\s*\*\/\n#undef (HAVE_\w+)$/gm)) {
    if (unwanted.some((each) => name === `HAVE_${each}` || name === `HAVE_${each}_H`)) continue;
    const words = comment.replace(/\s+/g, " ");
    const called = /have the [`'](\w+)' function/.exec(words)?.[1];
    const declared = /have the declaration of [`'](\w+)'/.exec(words)?.[1];
    const header = /have the <([\w/]+\.h)> header file/.exec(words)?.[1];
    if (called !== undefined)
      questions.push({
        name,
        program: `char ${called}(void);\nint main(void) { return ${called}(); }\n`,
      });
    else if (declared !== undefined) {
      const includes = headers.map((each) => `#include <${each}.h>\n`).join("");
      questions.push({ name, program: `${includes}int main(void) { (void)${declared}; }\n`, otherwise: "0" });
    } else if (header !== undefined)
      questions.push({ name, program: `#include <${header}>\nint main(void) { return 0; }\n` });
  }
  return questions;
}
