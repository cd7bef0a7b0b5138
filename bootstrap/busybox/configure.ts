/**
 * configure: make the headers that busybox is compiled with, as its makefiles and scripts/ would, and say which sources there are.
 *
 * busybox keeps its lists in comments of its sources: `//applet:` lines go into applets.h, `//usage:` lines into usage.h,
 * `//config:` lines are Kconfig's language, `//kbuild:` lines are make's.
 */
import { definePhase, type Phase } from "cleave/phase";

/** What the phase reads. */
export type ConfigureData = {
  /** The symbols that are on. */
  readonly on: readonly string[];
  /** The symbols that have a value, as C reads it. */
  readonly values: Readonly<Record<string, string>>;
};

/** What the phase reports: the sources of the program, in the order in which they are linked. */
export type ConfigureResult = { readonly sources: readonly string[] };

/** The folders with sources: those at the top, and those in these. */
type Tree = {
  readonly folders: readonly string[];
  /** The texts of `.c` files by path, those right below the top folders first, in which order the lists are made. */
  readonly sources: ReadonlyMap<string, string>;
};

export default definePhase<ConfigureData, ConfigureResult>(async (phase) => {
  const tree = readTree(phase);
  writeConfiguration(phase, tree);
  phase.write(
    "include/applets.h",
    insert(phase.read("include/applets.src.h"), tagged(tree.sources.values(), "applet")),
  );
  phase.write(
    "include/usage.h",
    insert(
      phase.read("include/usage.src.h"),
      tagged(tree.sources.values(), "usage").map((line) => `${/^[ \t]/.test(line) ? "" : "\n"}${line} \\`),
    ),
  );
  await runGenerator(phase, "applet_tables", ["include/applet_tables.h", "include/NUM_APPLETS.h"]);
  const usage = await runGenerator(phase, "usage", []);
  phase.write("include/usage_compressed.h", usageHeader(usage));
  // Buffers for these are in the program's data, of the size that scripts/generate_BUFSIZ.sh takes at first.
  phase.write(
    "include/common_bufsiz.h",
    [
      "enum { COMMON_BUFSIZE = 1024 };",
      "extern char bb_common_bufsiz1[];",
      "#define setup_common_bufsiz() ((void)0)",
      "",
    ].join("\n"),
  );
  phase.write("include/embedded_scripts.h", "#define NUM_SCRIPTS 0\n");
  return { sources: findSources(phase, tree) };
});

function readTree(phase: Phase<unknown>): Tree {
  const foldersIn = (folder: string) =>
    phase
      .list(folder)
      .map((name) => (folder === "." ? name : `${folder}/${name}`))
      .filter((path) => phase.status(path)?.type === "folder");
  const top = foldersIn(".");
  const folders = [...top, ...top.flatMap(foldersIn)];
  const paths = folders.flatMap((folder) =>
    phase
      .list(folder)
      .filter((name) => name.endsWith(".c"))
      .map((name) => `${folder}/${name}`),
  );
  return { folders, sources: new Map(paths.map((path) => [path, phase.read(path)])) };
}

/** List what stands in lines that begin with `//<tag>:`. */
function tagged(texts: Iterable<string>, tag: string): string[] {
  const start = `//${tag}:`;
  return [...texts].flatMap((text) =>
    text.split("\n").flatMap((line) => (line.startsWith(start) ? [line.slice(start.length)] : [])),
  );
}

/** Put lines into a text where it has the line `INSERT`. */
function insert(text: string, lines: readonly string[]): string {
  return text
    .split("\n")
    .flatMap((line) => (line === "INSERT" ? lines : [line]))
    .join("\n");
}

/** Write autoconf.h: for every symbol of the configuration CONFIG_, ENABLE_, IF_ and IF_NOT_, as Kconfig does. */
function writeConfiguration(phase: Phase<ConfigureData>, { folders, sources }: Tree): void {
  const known = new Set<string>(["HAVE_DOT_CONFIG"]);
  const files = [
    "Config.in",
    ...folders.flatMap((folder) => [`${folder}/Config.src`, `${folder}/Config.in`]),
  ];
  const texts = [...sources.values(), ...files.filter(phase.isFile).map(phase.read)];
  for (const text of texts)
    for (const [, name = ""] of text.matchAll(/^(?:\/\/config:)?\s*config\s+([A-Za-z0-9_]+)/gm))
      known.add(name);
  const values = new Map<string, string>([
    ...phase.data.on.map((name) => [name, "1"] as const),
    ...Object.entries(phase.data.values),
  ]);
  const unknown = [...values.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0) phase.fail(`busybox has no symbols ${unknown.join(", ")}`, "mend config.ts");
  phase.write(
    "include/autoconf.h",
    [
      '#define AUTOCONF_TIMESTAMP "1980-01-02 00:00:00 UTC"',
      ...[...known].flatMap((name) => {
        const value = values.get(name);
        return value === undefined
          ? [
              `#undef CONFIG_${name}`,
              `#define ENABLE_${name} 0`,
              `#define IF_${name}(...)`,
              `#define IF_NOT_${name}(...) __VA_ARGS__`,
            ]
          : [
              `#define CONFIG_${name} ${value}`,
              `#define ENABLE_${name} 1`,
              `#define IF_${name}(...) __VA_ARGS__`,
              `#define IF_NOT_${name}(...)`,
            ];
      }),
      "",
    ].join("\n"),
  );
}

/** Compile one of the programs that make headers, and run it. Gives what it writes. */
async function runGenerator(phase: Phase<unknown>, name: string, args: readonly string[]): Promise<string> {
  const program = `${phase.temporaryDirectory}/${name}`;
  await phase.exec(
    [
      phase.tool("cc"),
      ...["-w", "-O0", "-Iinclude", "-include", "include/autoconf.h"],
      `applets/${name}.c`,
      ...["-o", program],
    ],
    { env: { TMPDIR: phase.temporaryDirectory } },
  );
  return (await phase.exec([program, ...args], { stdout: "capture" })).stdout;
}

/** Make the header with the usage of all applets: a string of octal escapes, since it has zero bytes. */
function usageHeader(usage: string): string {
  const lines: string[] = [];
  for (let at = 0; at < usage.length; at += 16) {
    const codes = [...usage.slice(at, at + 16)].map(
      (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`,
    );
    lines.push(`"${codes.join("")}" \\`);
  }
  return [
    '#define UNPACKED_USAGE "" \\',
    ...lines,
    "",
    `#define UNPACKED_USAGE_LENGTH ${usage.length}`,
    "#define PACKED_USAGE \\",
    "",
    "",
  ].join("\n");
}

/** List the sources that the makefiles name for what is on: `lib-y += a.o`, `lib-$(CONFIG_NAME) += b.o`. */
function findSources(phase: Phase<ConfigureData>, { folders, sources }: Tree): string[] {
  const on = new Set(phase.data.on);
  const found = new Set<string>(["applets/applets.c"]);
  for (const folder of folders) {
    const file = `${folder}/Kbuild.src`;
    if (folder === "applets" || folder === "scripts" || !phase.isFile(file)) continue;
    const own = [...sources].flatMap(([path, text]) => (phase.parent(path) === folder ? [text] : []));
    const makefile = insert(phase.read(file), tagged(own, "kbuild")).replaceAll("\\\n", " ");
    const variables = new Map<string, string>();
    for (const line of makefile.split("\n")) {
      const [, variable, value = ""] = /^([A-Z_]+)\s*:=\s*(.*)$/.exec(line) ?? [];
      if (variable !== undefined) {
        variables.set(variable, value);
        continue;
      }
      const expanded = line.replace(/\$\(([A-Z_]+)\)/g, (whole, name) => variables.get(name) ?? whole);
      const [, symbol, objects = ""] =
        /^\s*(?:lib|obj)-(?:y|\$\(CONFIG_([A-Za-z0-9_]+)\))\s*[+:]?=\s*([^#]*)/.exec(expanded) ?? [];
      if (symbol !== undefined && !on.has(symbol)) continue;
      for (const object of objects.split(/\s+/).filter((each) => each.endsWith(".o"))) {
        const stem = `${folder}/${object.slice(0, -2)}`;
        found.add(phase.isFile(`${stem}.c`) ? `${stem}.c` : `${stem}.S`);
      }
    }
  }
  return [...found];
}
