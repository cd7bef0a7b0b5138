/**
 * QuickJS: the interpreter of the runner and of the standard phases. The engine is compiled with a main program and a module
 * of ours, which has what a build needs of Linux and QuickJS' own modules lack.
 */
import { uses } from "cleave/modules";
import { fetchTarball, outputPlaceholder, rawDerivation } from "cleave/package";
import { directory, text } from "cleave/recipe";

const version = "2025.04.26";

/** Of the engine's sources, those that are no program. */
const engine = ["quickjs.c", "quickjs-libc.c", "dtoa.c", "libregexp.c", "libunicode.c", "cutils.c"];

const flags = [
  ...["-O2", "-s", "-w", "-D_GNU_SOURCE", "-fwrapv", "-ffunction-sections", "-fdata-sections"],
  ...["-Wl,--gc-sections", `'-DCONFIG_VERSION="${version}"'`],
];

export default uses(rawDerivation).package("quickjs", ({ config, define }) => {
  const source = fetchTarball({
    name: `quickjs-source-${version}`,
    urls: [`mirror://debian/pool/main/q/quickjs/quickjs_${version}.orig.tar.xz`],
    hash: "sha256-7IHaWzJJ7WSNvH30oWVJiJEOZqEY2bcctjU0IW78+74=",
  });
  const own = directory(".", (path) => /^[^/]+\.[ch]$/.test(path));
  const names = Object.keys(own);
  /** A file's variable in the script: in the store its name begins with a hash, and others include it without. */
  const variable = (name: string) => name.replace(/[^a-z0-9]/g, "_");
  const script = text(
    "quickjs.stage0",
    [
      ...names.map((name) => `copy $${variable(name)} ${name}`),
      "mkdir $out $out/bin",
      [
        ...["run $cc -o $out/bin/qjs", ...flags, "-I$source", "-ffile-prefix-map=$source=quickjs"],
        ...names.filter((name) => name.endsWith(".c")),
        ...engine.map((name) => `$source/${name}`),
      ].join(" "),
      "",
    ].join("\n"),
  );
  return define({
    name: "quickjs",
    version,
    tools: { stage0: "bootstrap.stage0", cc: "bootstrap.cc" },
    files: { ...own, source, script },
    builder: () => `${config.inputs.tools["stage0"]?.path}`,
    args: [script.path],
    env: () => ({
      ...Object.fromEntries(Object.entries(own).map(([name, { path }]) => [variable(name), path])),
      out: outputPlaceholder("out"),
      cc: `${config.inputs.tools["cc"]?.path}/bin/cc`,
      source: source.path,
      TMPDIR: "/build",
    }),
    meta: {
      description: "A small JavaScript engine, with what a build needs of Linux",
      homepage: "https://bellard.org/quickjs/",
      license: ["MIT"],
      mainProgram: "qjs",
    },
  });
});
