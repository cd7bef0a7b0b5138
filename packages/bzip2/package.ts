/** bzip2: compression by sorting blocks. It has a makefile and no configure script. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { file } from "cleave/recipe";
import { cc, make } from "cleave/stdenv";

const version = "1.0.8";

export default uses(make, cc).package("bzip2", ({ config, define }) =>
  define({
    name: "bzip2",
    version,
    source: fetchUrl({
      name: `bzip2-${version}.tar.gz`,
      urls: [
        `https://sourceware.org/pub/bzip2/bzip2-${version}.tar.gz`,
        `mirror://sourceware/bzip2/bzip2-${version}.tar.gz`,
        `mirror://debian/pool/main/b/bzip2/bzip2_${version}.orig.tar.gz`,
      ],
      hash: "sha256-q1oDF27hBtPw+pDjgdpHjdrkBZGBU8yiSOaCzQxKImk=",
    }),
    patches: [file("install-places.patch")],
    outputs: ["out", "dev"],
    makeFlags: () => [
      `CC=${config.env["CC"]}`,
      `CFLAGS=${config.env["CFLAGS"]}`,
      `LDFLAGS=${config.env["LDFLAGS"]}`,
      `PREFIX=${config.placeholders["out"]}`,
    ],
    // The makefile's first goal would run the tests as well.
    buildTargets: ["libbz2.a", "bzip2", "bzip2recover"],
    exports: { link: ["bz2"] },
    meta: {
      description: "Compression by sorting blocks: the program bzip2, and the library libbz2",
      homepage: "https://sourceware.org/bzip2/",
      license: ["bzip2-1.0.6"],
    },
  }),
);
