/**
 * Lua as an interpreter of phases: the language is compiled with a main program and a module of ours, because its own functions
 * for commands need a shell at a fixed place. The `lua` that people use is another package.
 */
import { uses } from "cleave/modules";
import { fetchTarball, outputPlaceholder, rawDerivation } from "cleave/package";
import { file, text } from "cleave/recipe";

const version = "5.4.4";

/** Of Lua's sources, those that are no program. */
const language = [
  ...["api", "auxlib", "baselib", "code", "corolib", "ctype", "dblib", "debug", "do", "dump", "func", "gc"],
  ...["init", "iolib", "lex", "mathlib", "mem", "oadlib", "object", "opcodes", "oslib", "parser", "state"],
  ...["string", "strlib", "table", "tablib", "tm", "undump", "utf8lib", "vm", "zio"],
].map((name) => `l${name}.c`);

// Without the seed, tables would be gone through in another order each time.
const flags = ["-O2", "-s", "-w", "-D_GNU_SOURCE", "-DLUA_USE_POSIX", "'-Dluai_makeseed(L)=0'", "-lm"];

export default uses(rawDerivation).package("lua", ({ config, define }) => {
  const source = fetchTarball({
    name: `lua-source-${version}`,
    urls: [
      `https://www.lua.org/ftp/lua-${version}.tar.gz`,
      `mirror://debian/pool/main/l/lua5.4/lua5.4_${version}.orig.tar.gz`,
    ],
    hash: "sha256-Fkx4SWU7gK5nvsS3RzuIS/XMjS3KBWU0dewu0nuev2E=",
  });
  const main = file("main.c");
  const native = file("native.c");
  const script = text(
    "lua.stage0",
    [
      "mkdir $out $out/bin",
      [
        ...["run $cc -o $out/bin/lua", ...flags, "-I$source/src", "$main", "$native"],
        ...language.map((name) => `$source/src/${name}`),
      ].join(" "),
      "",
    ].join("\n"),
  );
  return define({
    name: "lua",
    version,
    tools: { stage0: "bootstrap.stage0", cc: "bootstrap.cc" },
    files: { source, main, native, script },
    builder: () => `${config.inputs.tools["stage0"]?.path}`,
    args: [script.path],
    env: () => ({
      out: outputPlaceholder("out"),
      cc: `${config.inputs.tools["cc"]?.path}/bin/cc`,
      source: source.path,
      main: main.path,
      native: native.path,
      TMPDIR: "/build",
    }),
    meta: {
      description: "Lua, with what a build needs of Linux",
      homepage: "https://www.lua.org",
      license: ["MIT"],
    },
  });
});
