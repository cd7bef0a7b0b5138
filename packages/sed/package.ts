/** GNU sed: changes texts line by line. */
import { uses } from "cleave/modules";
import { fetchUrl } from "cleave/package";
import { file } from "cleave/recipe";
import { autotools } from "cleave/stdenv";

const version = "4.9";

export default uses(autotools).package("sed", ({ define }) =>
  define({
    name: "sed",
    version,
    source: fetchUrl({
      name: `sed-${version}.tar.xz`,
      urls: [
        `https://ftp.gnu.org/gnu/sed/sed-${version}.tar.xz`,
        `mirror://gnu/sed/sed-${version}.tar.xz`,
        `mirror://debian/pool/main/s/sed/sed_${version}.orig.tar.xz`,
      ],
      hash: "sha256-biJrcy4c1zlGStaGK9Ghq6QteYKSLaelNRljHSSXUYE=",
    }),
    // A build has no /bin/sh, which system and popen look for.
    patches: [file("tests-without-shell.patch")],
    meta: {
      description: "A stream editor",
      homepage: "https://www.gnu.org/software/sed/",
      license: ["GPL-3.0-or-later"],
    },
  }),
);
