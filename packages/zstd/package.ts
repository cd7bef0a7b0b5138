/**
 * zstd: fast compression, as programs and as a library. It has no configure script, and a makefile each for library and programs:
 * the phases build and install are there twice.
 */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { file } from "cleave/recipe";
import { cc, make, repeatMake } from "cleave/stdenv";

const version = "1.5.4";

export default uses(make, cc).package("zstd", ({ config, define }) =>
  define({
    name: "zstd",
    version,
    // Debian leaves out a part for Windows, so no other place has these bytes.
    source: fetchUrl({
      name: `zstd-${version}.dfsg2.tar.xz`,
      urls: [`mirror://debian/pool/main/libz/libzstd/libzstd_${version}+dfsg2.orig.tar.xz`],
      hash: "sha256-jPS7tl537DSNBSyNYjDrpm1DW932TItb4vyxaIDBmVM=",
    }),
    patches: [file("test-what-was-built.patch")],
    outputs: ["bin", "out", "dev", "man"],
    // The program reads and writes gzip and xz, too.
    libraries: { zlib: "zlib", xz: "xz" },
    cflags: ["-O3"],
    buildDirectory: "lib",
    makeFlags: () => [`prefix=${config.placeholders["out"]}`],
    buildTargets: ["libzstd.a-mt"],
    installTargets: ["install-static", "install-includes", "install-pc"],
    // What its authors call the shortest tests.
    checkFlags: ["-C", "../tests"],
    phases: {
      "build-programs": {
        ...repeatMake("build", config, { directory: "programs", targets: ["zstd-release"] }),
        after: ["build"],
        before: ["install"],
      },
      check: { after: ["build-programs"] },
      "install-programs": {
        ...repeatMake("install", config, { directory: "programs", targets: ["install"] }),
        after: ["install"],
        before: ["fixup"],
      },
    },
    exports: { link: ["zstd"] },
    meta: {
      description: "Fast compression: the program zstd, and the library libzstd",
      homepage: "https://facebook.github.io/zstd/",
      license: ["BSD-3-Clause", "GPL-2.0-only"],
    },
  }),
);
