/** zlib: the deflate compression that gzip, zip and png have in common. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { autotools } from "cleave/stdenv";

const version = "1.2.13";

export default uses(autotools).package("zlib", ({ define }) =>
  define({
    name: "zlib",
    version,
    // Debian leaves out some contributions of unclear licence, so no other place has these bytes.
    source: fetchUrl({
      name: `zlib-${version}.dfsg.tar.bz2`,
      urls: [`mirror://debian/pool/main/z/zlib/zlib_${version}.dfsg.orig.tar.bz2`],
      hash: "sha256-cf63lH48AO8SX4O3mk5Sm94xFx5bq+SLOR8GdY0asKE=",
    }),
    outputs: ["out", "dev"],
    configureStyle: "prefix",
    configureFlags: ["--static"],
    configureLog: "configure.log",
    moveToOutputs: { dev: ["share/man/man3"] },
    exports: { link: ["z"] },
    meta: {
      description: "A library for deflate compression",
      homepage: "https://zlib.net",
      license: ["Zlib"],
    },
  }),
);
