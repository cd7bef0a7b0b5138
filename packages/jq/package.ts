/**
 * jq: looks into JSON and changes it. Its source has no configure script: our own asks the compiler which functions the C library
 * has, as that one would.
 */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { script } from "cleave/recipe";
import { cc } from "cleave/stdenv";

const version = "1.6";

export default uses(cc).package("jq", ({ config, define }) =>
  define({
    name: "jq",
    version,
    // Upstream makes this archive anew whenever somebody asks for it, so Debian's is the one that keeps its bytes.
    source: fetchUrl({
      name: `jq-${version}.tar.gz`,
      urls: [`mirror://debian/pool/main/j/jq/jq_${version}.orig.tar.gz`],
      hash: "sha256-O6lAuXVxyGaSPwQJZ4Az0ztamHWN/BdPrYOX7ZCLxNk=",
    }),
    outputs: ["out", "lib", "dev"],
    libraries: { oniguruma: "oniguruma" },
    cflags: ["-O2", "-w", "-D_GNU_SOURCE", "-I.", "-Isrc", "-include", "config.h"],
    phases: {
      configure: { after: ["patch"], script: script("configure.ts"), data: () => ({ env: config.env }) },
      build: { after: ["configure"], script: script("build.ts"), data: () => ({ env: config.env }) },
      check: {
        after: ["build"],
        branch: true,
        script: script("check.ts"),
        // mantest is left out: it needs Ruby, to get the examples out of the manual.
        data: { tests: ["optionaltest", "jqtest", "onigtest", "shtest", "utf8test", "base64test"] },
      },
      install: { after: ["build"], before: ["fixup"], script: script("install.ts") },
    },
    exports: { link: ["jq"], requires: ["oniguruma"] },
    meta: {
      description: "Looks into JSON and changes it",
      homepage: "https://jqlang.org/",
      license: ["MIT"],
    },
  }),
);
